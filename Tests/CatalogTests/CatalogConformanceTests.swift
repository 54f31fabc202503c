import Catalog
import Testing

enum Engine: CaseIterable {
  case memory
  case sqlite
}

extension CatalogTests {
  @Suite struct Conformance {
    @Test(arguments: Engine.allCases, CatalogConformance.all)
    func holds(_ engine: Engine, _ conformance: CatalogConformance) throws {
      switch engine {
      case .memory: try conformance.run(MemoryCatalog())
      case .sqlite: try withCatalog { catalog, _ in try conformance.run(catalog) }
      }
    }
  }
}
