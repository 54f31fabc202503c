#if DEBUG
  @testable import Catalog
  import Glibc
  import Keys
  import Platform
  import Sodium
  import Testing
  import Vault
  import VaultFormat

  /// After a crash a row that was taken out of the catalog is missed by whoever asks for its name, or for all names.
  @Suite struct RowCensusTests {
    /// A vault with 300 documents, copied while it was unlocked, as a crash would leave it.
    private struct Crashed {
      let test: TestVault
      let document: NodeID
      var path: String { test.folder + "/crashed" }

      init() throws {
        test = try TestVault()
        let vault = try test.unlock()
        let root = try vault.node(.root)
        var ids: [NodeID] = []
        for index in 0..<300 {
          ids.append(try vault.create(.document, named: Name("\(index)")!, in: root, mode: 0o644, uid: 1, gid: 1).id)
        }
        try vault.sync()
        document = ids[150]
        try Self.copy(test.path, to: test.folder + "/crashed")
        try vault.close()
      }

      private static func copy(_ from: String, to: String) throws {
        mkdir(to, 0o700)
        for name in try Files.list(from) {
          var status = stat()
          lstat(from + "/" + name, &status)
          if status.st_mode & S_IFMT == S_IFDIR {
            try copy(from + "/" + name, to: to + "/" + name)
          } else {
            let bytes = try File(from + "/" + name, O_RDONLY).readAll(limit: 1 << 30)
            try File(to + "/" + name, O_WRONLY | O_CREAT | O_TRUNC).write(bytes, at: 0)
          }
        }
      }

      func unlock() throws -> Vault { try Vault.unlock(at: path, root: try test.root.bytes.copy(), settings: TestVault.settings) }

      func change(_ body: (SQLiteCatalog) throws -> Void) throws {
        let catalog = try SQLiteCatalog.open(at: path + "/catalog.sqlite")
        try body(catalog)
        try catalog.close()
      }

      func run(_ sql: String, _ catalog: SQLiteCatalog) throws {
        try catalog.writer.use { (writer) throws(CatalogError) -> Void in
          try PreparedStatement(sql, on: writer.handle, StatementCounter()).execute()
        }
      }

      /// Asks for the name, for a name that never was, for all names, and whether the folder is empty.
      func answers(_ vault: Vault) throws -> [String] {
        // The root's own row lies in another bucket than theirs.
        let folder = try vault.node(.root)
        func answer(_ body: () throws -> String) -> String {
          do { return try body() } catch VaultError.damaged { return "damaged" } catch { return "\(error)" }
        }
        return [
          answer { try vault.child(of: folder, named: Name("150")!) == nil ? "absent" : "there" },
          answer { try vault.child(of: folder, named: Name("other")!) == nil ? "absent" : "there" },
          answer { "\(try vault.children(of: folder, after: .none, limit: 1000).count)" },
          answer { "\(try vault.isEmpty(folder))" },
        ]
      }
    }

    @Test func nothingIsMissingAfterAnOrdinaryCrash() throws {
      let crashed = try Crashed()
      let vault = try crashed.unlock()
      #expect(try crashed.answers(vault) == ["there", "absent", "300", "false"])
      try vault.close()
    }

    @Test func aRowThatWasTakenOutIsMissed() throws {
      let crashed = try Crashed()
      try crashed.change { try $0.commit(CatalogChanges(deletes: [RowKey(.node, crashed.document.value)])) }
      let vault = try crashed.unlock()
      #expect(try crashed.answers(vault) == ["damaged", "damaged", "damaged", "damaged"])
      try? vault.close()
    }

    /// The row stays, and its bucket is whole; only the way to it by name, or by folder, is gone.
    @Test(arguments: ["node_name", "node_parent"])
    func anIndexEntryThatWasTakenOutIsMissed(index: String) throws {
      let crashed = try Crashed()
      try crashed.change { catalog in
        // A smaller index takes the place of the whole one.
        let columns = index == "node_name" ? "parent, name_tag" : "parent"
        try crashed.run("CREATE INDEX other ON node(\(columns)) WHERE id <> \(crashed.document.value)", catalog)
        try crashed.run("PRAGMA writable_schema = ON", catalog)
        try crashed.run(
          "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'other') WHERE name = '\(index)'",
          catalog)
        try crashed.run("DELETE FROM sqlite_schema WHERE name = 'other'", catalog)
      }
      let vault = try crashed.unlock()
      let answers = try crashed.answers(vault)
      #expect(answers[1] == "damaged" && answers[2] == "damaged", "\(answers)")
      #expect(answers[0] == (index == "node_name" ? "damaged" : "there"))
      try? vault.close()
    }
  }
#endif
