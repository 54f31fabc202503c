// swift-tools-version: 6.2
import PackageDescription

// The parts of Strongroom, lowest first. A part imports only parts above it in this list;
// Tests/LayersTests reads this file and every import and keeps it so. docs/design.md says what each part is for.

/// `make` and CI set STRONGROOM_WARNINGS=error: a warning in a part of ours then fails the build. Dependencies are not touched.
let warningsAreErrors = Context.environment["STRONGROOM_WARNINGS"] == "error"

let strict: [SwiftSetting] =
  [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
  ] + (warningsAreErrors ? [.treatAllWarnings(as: .error)] : [])

/// `benchmarks/unchecked-build` alone sets this, for a build in a folder of its own: READ is then neither judged nor recorded, so that what both
/// cost can be measured. Such a program says so at each start, and scripts/install refuses it. Nothing at run time can switch this on or off.
let benchmarkUnchecked = Context.environment["STRONGROOM_BENCHMARK_UNCHECKED"] == "measure-only"
let settings = strict + (benchmarkUnchecked ? [.define("STRONGROOM_BENCHMARK_UNCHECKED")] : [])

/// A part of the program: a library target with the project's settings.
func part(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of one part, in `Tests/<Part>Tests/`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yaml = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
  name: "strongroom",
  products: [
    .executable(name: "strongroom", targets: ["strongroom"]),
    .library(name: "Fuse", targets: ["Fuse"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    // 0: C libraries, found by pkg-config
    .systemLibrary(name: "CFuse3", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
    .systemLibrary(name: "CGcrypt", pkgConfig: "libgcrypt", providers: [.apt(["libgcrypt20-dev"])]),
    .systemLibrary(name: "CTLS", pkgConfig: "libssl", providers: [.apt(["libssl-dev"])]),
    .target(name: "CSystem"),

    // 1: bindings that know no vault
    part("Platform", ["CSystem"]),
    part("Fuse", ["CFuse3", "CSystem"]),
    part("Sodium", ["CSodium"]),
    part("PageCipher", ["CGcrypt", "Platform"]),

    // 2: bytes on disk
    part("VaultFormat"),

    // 3: the four stores and the evaluator; none knows another
    part("Keys", ["Sodium", "PageCipher", "VaultFormat", "Platform"]),
    part("BlobStore", ["VaultFormat", "Platform", "CSystem"]),
    part("Catalog", ["VaultFormat", "Platform", grdb, sqlite]),
    part("Access", ["VaultFormat", "Platform", "CSystem"]),
    part("Trail", ["Sodium", "VaultFormat", "Platform", "CSystem"]),

    // Trails that nobody lived through, to be measured and for tests; no part of the program
    .target(name: "TrailMaking", dependencies: ["Trail", "Sodium", "VaultFormat", "Platform"], swiftSettings: strict),

    // 4–7
    part(
      "Vault", ["Keys", "BlobStore", "Catalog", "Access", "Trail", "Sodium", "PageCipher", "VaultFormat", "Platform", "CSystem"]),
    part("VaultFS", ["Vault", "Access", "Trail", "VaultFormat", "Platform", "CSystem"]),
    part("Mount", ["VaultFS", "Vault", "Access", "Trail", "VaultFormat", "Fuse", "Platform", "CSystem"]),
    part("Control", ["VaultFS", "Vault", "Access", "Trail", "Keys", "Sodium", "VaultFormat", "Platform", "CSystem"]),
    part(
      "StrongroomCLI",
      [
        "Mount", "Fuse", "Control", "VaultFS", "Vault", "Access", "Trail", "Keys", "Sodium", "PageCipher", "VaultFormat",
        "Platform", "CSystem", "CTLS", arguments, yaml,
      ]),
    .executableTarget(
      name: "content-speed", dependencies: ["Vault", "Keys", "BlobStore", "VaultFormat", "Platform"], swiftSettings: strict),
    .executableTarget(
      name: "trail-generator", dependencies: ["TrailMaking", "Trail", "Sodium", "VaultFormat", "Platform"], swiftSettings: strict),
    .executableTarget(
      name: "metadata-speed",
      dependencies: ["VaultFS", "Vault", "Access", "Trail", "Keys", "Sodium", "VaultFormat", "Platform"], swiftSettings: strict),
    .executableTarget(
      name: "vault-filler", dependencies: ["Vault", "Keys", "Sodium", "VaultFormat", "Platform"], swiftSettings: strict),
    .executableTarget(name: "fuse-floor", dependencies: ["Fuse", "Platform"], swiftSettings: strict),
    .executableTarget(name: "strongroom", dependencies: ["StrongroomCLI"], swiftSettings: strict),

    // Golden vectors of Tests/Vectors for the tests of every format
    .target(name: "TestVectors", path: "Tests/TestVectors", swiftSettings: strict),

    // The rights decided a second time, for tests that hold answers against it
    .target(name: "TestOracle", dependencies: ["VaultFormat"], path: "Tests/TestOracle", swiftSettings: strict),

    // Tests, by part. MountedTests run the built program through the real /dev/fuse; strongroom-actor stands for each user,
    // strongroom-attacker for three who try to get at what they may not.
    tests("LayersTests"),
    tests("PlatformTests", ["Platform"]),
    tests("FuseTests", ["Fuse", "fuse-floor", "Platform", "CFuse3", "CSystem"]),
    tests("SodiumTests", ["Sodium"]),
    tests("PageCipherTests", ["PageCipher", "Sodium", "Platform"]),
    tests("VaultFormatTests", ["VaultFormat", "TestVectors", "TestKit"]),
    tests("KeysTests", ["Keys", "Sodium", "PageCipher", "VaultFormat", "Platform", "TestVectors"]),
    // Chance that a seed repeats, and folders that go away, for the tests of all parts
    .target(name: "TestKit", path: "Tests/TestKit", swiftSettings: strict),
    // Stores that lie on purpose, for the tests of several parts
    .target(
      name: "TestStores", dependencies: ["BlobStore", "VaultFormat", "Platform", "TestKit"], path: "Tests/TestStores",
      swiftSettings: strict),
    // SQLite's file layer with somebody listening: what it does to the catalog's files, write by write
    .target(
      name: "TestCatalogDisk", path: "Tests/CatalogDisk", cSettings: warningsAreErrors ? [.treatAllWarnings(as: .error)] : [],
      linkerSettings: [.linkedLibrary("sqlite3")]),
    tests("BlobStoreTests", ["BlobStore", "VaultFormat", "Platform", "TestStores", "TestKit"]),
    tests("CatalogTests", ["Catalog", "VaultFormat", "Platform"]),
    tests("AccessTests", ["Access", "VaultFormat", "Platform", "TestOracle", "TestKit"]),
    tests("TrailTests", ["TrailMaking", "Trail", "Sodium", "VaultFormat", "Platform"]),
    tests(
      "VaultTests",
      [
        "Vault", "Keys", "BlobStore", "Catalog", "Access", "Trail", "Sodium", "VaultFormat", "Platform", "TestStores",
        "TestKit", "TestCatalogDisk",
      ]),
    tests("VaultFSTests", ["VaultFS", "Vault", "Access", "Trail", "Keys", "Sodium", "VaultFormat", "Platform", "TestKit"]),
    tests(
      "ControlTests", ["Control", "VaultFS", "Vault", "Access", "Trail", "Keys", "Sodium", "VaultFormat", "Platform", "TestKit"]),
    tests(
      "StrongroomCLITests",
      [
        "StrongroomCLI", "Control", "Vault", "Keys", "Access", "Trail", "Sodium", "VaultFormat", "Platform", "TestKit", arguments,
      ]),
    tests("MountedTests", ["TestOracle", "TestKit", "VaultFormat"]),
    .executableTarget(
      name: "strongroom-actor", path: "Tests/Actor", cSettings: warningsAreErrors ? [.treatAllWarnings(as: .error)] : [],
      linkerSettings: [.linkedLibrary("pthread")]),
    .executableTarget(
      name: "strongroom-attacker", path: "Tests/Attacker", cSettings: warningsAreErrors ? [.treatAllWarnings(as: .error)] : []),
    // Random operations on a mount, compared with a plain folder and with a copy in memory
    .executableTarget(
      name: "strongroom-posix", path: "Tests/Posix", cSettings: warningsAreErrors ? [.treatAllWarnings(as: .error)] : []),
    // A disk that remembers what was written to it, and fails when told to
    .executableTarget(
      name: "strongroom-test-disk", dependencies: ["CFuse3"], path: "Tests/TestDisk",
      cSettings: warningsAreErrors ? [.treatAllWarnings(as: .error)] : []),
    // The same below every filesystem's promises: a folder that remembers what was done to its files
    .executableTarget(
      name: "strongroom-test-folder", dependencies: ["CFuse3"], path: "Tests/TestFolder",
      cSettings: warningsAreErrors ? [.treatAllWarnings(as: .error)] : []),
    // Changes a mount until it is cut off, and says what is left of its changes
    .executableTarget(
      name: "strongroom-crash-writer", path: "Tests/CrashWriter",
      cSettings: warningsAreErrors ? [.treatAllWarnings(as: .error)] : []),
  ]
)
