import Testing

extension MountedTests {
  /// What a file system has to give: folders, documents, symlinks, attributes, holes, times, sizes.
  @Suite struct FileSystem {
    private func withActor(_ body: (Place, Actor) throws -> Void) throws {
      try Place.with { place in try body(place, Actor(place.user)) }
    }

    @Test func aNewDocumentReadsBackAcrossPageAndBlobEdges() throws {
      try withActor { place, actor in
        let (page, pack, blob) = (16_384, 131_072, 4 << 20)
        for count in [0, 1, page - 1, page, page + 1, pack - 1, pack, pack + 1, blob - 1, blob, blob + 1, 2 * blob + 12_345] {
          let path = place.folder + "/size-\(count)"
          let descriptor = try actor.open(path, "rw,create")
          if count > 0 { try actor.does("fill", descriptor, 0, count, count) }
          #expect(
            try actor.reads(descriptor, count: count + 100) == .pattern(at: 0, count: count, seed: count),
            "\(count), before fsync")
          try actor.does("fsync", descriptor)
          #expect(try actor.attributes(of: descriptor)["size"] == "\(count)")
          try actor.close(descriptor)
        }
        try place.remount()
        for count in [0, 1, page + 1, pack, pack + 1, blob + 1, 2 * blob + 12_345] {
          let descriptor = try actor.open(place.folder + "/size-\(count)")
          #expect(
            try actor.reads(descriptor, count: count + 100) == .pattern(at: 0, count: count, seed: count), "\(count), remounted")
          let (offset, length) = (count / 3, count / 2)
          #expect(try actor.reads(descriptor, at: offset, count: length) == .pattern(at: offset, count: length, seed: count))
          #expect(try actor.reads(descriptor, at: count + 5, count: 10).count == 0)
          try actor.close(descriptor)
        }
      }
    }

    @Test func overwritingTheMiddleKeepsTheRest() throws {
      try withActor { place, actor in
        let path = place.folder + "/document"
        let descriptor = try actor.open(path, "rw,create")
        let count = 5 << 20
        try actor.does("fill", descriptor, 0, count, 1)
        var expected = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251 + 1) }
        for (offset, length) in [
          (0, 10), (16_380, 10), (4 << 20, 100_000), ((4 << 20) - 5, 10), (count - 3, 10), (123_456, 400_000),
        ] {
          try actor.does("fill", descriptor, offset, length, 9)
          let bytes = (offset..<offset + length).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251 + 9) }
          if offset + length > expected.count { expected += [UInt8](repeating: 0, count: offset + length - expected.count) }
          expected.replaceSubrange(offset..<offset + length, with: bytes)
          try actor.does("fsync", descriptor)
        }
        #expect(try actor.reads(descriptor, count: expected.count + 1) == Content(of: expected))
        try actor.close(descriptor)
        try place.remount()
        let again = try actor.open(path)
        #expect(try actor.reads(again, count: expected.count + 1) == Content(of: expected))
        try actor.close(again)
      }
    }

    @Test func truncationBothWays() throws {
      try withActor { place, actor in
        let path = place.folder + "/document"
        try actor.writes("0123456789", to: path)
        try actor.does("truncate", path, 4)
        #expect(try actor.reads(path).text == "0123")
        try actor.does("truncate", path, 8)
        #expect(try actor.reads(path) == Content(of: [UInt8]("0123".utf8) + [0, 0, 0, 0]))
        try actor.does("truncate", path, 300_000)
        #expect(try actor.reads(path) == Content(of: [UInt8]("0123".utf8) + [UInt8](repeating: 0, count: 299_996)))
        try actor.does("truncate", path, 0)
        #expect(try actor.reads(path).count == 0)
        #expect(try actor.attributes(of: path)["size"] == "0")
      }
    }

    @Test func holesReadAsZerosAndAreFound() throws {
      try withActor { place, actor in
        let descriptor = try actor.open(place.folder + "/sparse", "rw,create")
        let mebibyte = 1 << 20
        try actor.does("fill", descriptor, 2 * mebibyte, mebibyte, 3)
        #expect(try actor.reads(descriptor, count: 1000) == Content(of: [UInt8](repeating: 0, count: 1000)))
        try actor.does("fsync", descriptor)
        #expect(try actor.does("seek", descriptor, 0, "data")[0] == "\(2 * mebibyte)")
        #expect(try actor.does("seek", descriptor, 2 * mebibyte, "hole")[0] == "\(3 * mebibyte)")
        #expect(try actor.tries("seek", descriptor, 3 * mebibyte, "data") == "ENXIO")
        try actor.does("fallocate", descriptor, "punch", 2 * mebibyte + 65_536, 131_072)
        let punched = try actor.reads(descriptor, at: 2 * mebibyte + 65_536, count: 131_072)
        #expect(punched == Content(of: [UInt8](repeating: 0, count: 131_072)))
        let after = 2 * mebibyte + 65_536 + 131_072
        #expect(try actor.reads(descriptor, at: after, count: 1000) == .pattern(at: after, count: 1000, seed: 3))
        try actor.close(descriptor)
      }
    }

    @Test func aDocumentOverFourGiB() throws {
      try withActor { place, actor in
        let path = place.folder + "/huge"
        let descriptor = try actor.open(path, "rw,create")
        let offset = 5 << 30
        try actor.does("pwrite", descriptor, offset, "the end")
        try actor.does("pwrite", descriptor, 0, "the start")
        try actor.does("fsync", descriptor)
        #expect(try actor.attributes(of: path)["size"] == "\(offset + 7)")
        try actor.close(descriptor)
        try place.remount()
        let again = try actor.open(path)
        #expect(try actor.reads(again, at: offset).text == "the end")
        #expect(try actor.reads(again, count: 9).text == "the start")
        #expect(try actor.reads(again, at: 3 << 30, count: 100) == Content(of: [UInt8](repeating: 0, count: 100)))
        try actor.close(again)
      }
    }

    @Test func foldersAndTheirErrors() throws {
      try withActor { place, actor in
        let folder = place.folder + "/folder"
        try actor.does("mkdir", folder)
        #expect(try actor.tries("mkdir", folder) == "EEXIST")
        try actor.writes("x", to: folder + "/document")
        #expect(try actor.tries("rmdir", folder) == "ENOTEMPTY")
        #expect(try actor.tries("unlink", folder) == "EISDIR")
        #expect(try actor.tries("rmdir", folder + "/document") == "ENOTDIR")
        #expect(try actor.tries("stat", folder + "/document/x") == "ENOTDIR")
        #expect(try actor.tries("open", folder, "w") == "EISDIR")
        #expect(try actor.tries("open", folder + "/absent", "r") == "ENOENT")
        #expect(try actor.tries("rename", folder, folder + "/inside") == "EINVAL")
        #expect(try actor.tries("rename", folder + "/document", folder) != "ok")
        try actor.does("mkdir", folder + "/sub")
        #expect(try actor.tries("rename", folder + "/document", folder + "/sub") == "EISDIR")
        #expect(try actor.tries("rename", folder + "/sub", folder + "/document") == "ENOTDIR")
        #expect(try actor.names(in: folder) == ["document", "sub"])
      }
    }

    @Test func renamingOverAndExchanging() throws {
      try withActor { place, actor in
        let (one, other) = (place.folder + "/one", place.folder + "/other")
        try actor.writes("one", to: one)
        try actor.writes("other", to: other)
        let held = try actor.open(other)
        try actor.does("rename", one, other)
        #expect(try actor.reads(other).text == "one")
        #expect(try actor.reads(held).text == "other", "what was replaced is still open")
        #expect(try actor.tries("stat", one) == "ENOENT")
        try actor.close(held)
        try actor.writes("again", to: one)
        try actor.does("rename", one, other, "exchange")
        #expect(try actor.reads(one).text == "one")
        #expect(try actor.reads(other).text == "again")
        #expect(try actor.tries("rename", one, other, "noreplace") == "EEXIST")
        try actor.does("rename", one, one)
        #expect(try actor.reads(one).text == "one")
      }
    }

    @Test func anUnlinkedDocumentLivesWhileItIsOpen() throws {
      try withActor { place, actor in
        let path = place.folder + "/document"
        try actor.writes("still here", to: path)
        let descriptor = try actor.open(path, "rw")
        try actor.does("unlink", path)
        #expect(try actor.tries("stat", path) == "ENOENT")
        #expect(try actor.reads(descriptor).text == "still here")
        try actor.does("pwrite", descriptor, 0, "STILL")
        try actor.does("fsync", descriptor)
        #expect(try actor.reads(descriptor).text == "STILL here")
        try actor.writes("another", to: path)
        #expect(try actor.reads(descriptor).text == "STILL here")
        try actor.close(descriptor)
        #expect(try actor.reads(path).text == "another")
      }
    }

    @Test func namesOf255BytesInUTF8() throws {
      try withActor { place, actor in
        let longest = String(repeating: "档", count: 85)
        for name in [longest, "a b\tc\nd", "-rf", ".hidden", "名 with “quotes” and %41", String(repeating: "x", count: 255)] {
          try actor.writes(name, to: place.folder + "/" + name)
          #expect(try actor.reads(place.folder + "/" + name).count == name.utf8.count)
        }
        #expect(try actor.tries("open", place.folder + "/" + longest + "x", "w,create") == "ENAMETOOLONG")
        #expect(try actor.tries("stat", place.folder + "/" + longest + "x") == "ENAMETOOLONG")
        #expect(try actor.tries("mkdir", place.folder + "/" + String(repeating: "x", count: 256)) == "ENAMETOOLONG")
        try place.remount()
        #expect(try actor.names(in: place.folder).contains(longest))
        #expect(try actor.names(in: place.folder).contains("a b\tc\nd"))
      }
    }

    @Test func symlinks() throws {
      try withActor { place, actor in
        let target = String(repeating: "é/", count: 600)
        try actor.does("symlink", target, place.folder + "/long")
        #expect(try actor.does("readlink", place.folder + "/long") == [target])
        try actor.writes("through", to: place.folder + "/document")
        try actor.does("symlink", "document", place.folder + "/link")
        #expect(try actor.reads(place.folder + "/link").text == "through")
        #expect(try actor.tries("open", place.folder + "/link", "r,nofollow") == "ELOOP")
        #expect(try actor.attributes(of: place.folder + "/link")["size"] == "8")
        try actor.does("symlink", "loop", place.folder + "/loop")
        #expect(try actor.tries("open", place.folder + "/loop", "r") == "ELOOP")
        try actor.does("unlink", place.folder + "/link")
        #expect(try actor.reads(place.folder + "/document").text == "through")
      }
    }

    @Test func timesToTheNanosecond() throws {
      try withActor { place, actor in
        let path = place.folder + "/document"
        try actor.writes("x", to: path)
        let moments = [1_234_567_890_123_456_789, 1, 4_102_444_800_999_999_999, -86_400_000_000_001]
        for moment in moments {
          try actor.does("utimens", path, "omit", moment)
          #expect(try actor.attributes(of: path)["mtime"] == "\(moment)")
        }
        try actor.does("utimens", place.folder, "omit", moments[0])
        #expect(try actor.attributes(of: place.folder)["mtime"] == "\(moments[0])")
        let before = try actor.attributes(of: path)["mtime"]!
        let descriptor = try actor.open(path, "rw")
        try actor.does("pwrite", descriptor, 0, "y")
        #expect(try actor.attributes(of: path)["mtime"] != before, "writing moves the time")
        try actor.does("futimens", descriptor, "omit", moments[2])
        try actor.close(descriptor)
        try place.remount()
        #expect(try actor.attributes(of: path)["mtime"] == "\(moments[2])")
      }
    }

    @Test func modesAndOwners() throws {
      try withActor { place, actor in
        let path = place.folder + "/document"
        try actor.writes("x", to: path)
        try actor.does("chmod", path, "0604")
        #expect(try actor.attributes(of: path)["mode"] == "100604")
        #expect(try actor.attributes(of: path)["uid"] == "\(place.user.uid)")
        if place.vault != nil {
          try actor.does("chmod", path, "06755")
          #expect(try actor.attributes(of: path)["mode"] == "100755", "setuid and setgid are dropped")
          #expect(try actor.attributes(of: place.folder)["nlink"] == "1")
          #expect(try actor.attributes(of: place.folder)["size"] == "0")
        }
      }
    }

    @Test func extendedAttributes() throws {
      try withActor { place, actor in
        let path = place.folder + "/document"
        try actor.writes("x", to: path)
        try actor.does("setxattr", path, "user.类别", "合同")
        try actor.does("setxattr", path, "user.empty", "")
        try actor.does("setxattr", place.folder, "user.folder", "yes")
        #expect(try actor.tries("setxattr", path, "user.类别", "x", "create") == "EEXIST")
        #expect(try actor.tries("setxattr", path, "user.absent", "x", "replace") == "ENODATA")
        #expect(try actor.tries("getxattr", path, "user.absent") == "ENODATA")
        #expect(try actor.tries("removexattr", path, "user.absent") == "ENODATA")
        try place.remount()
        #expect(try actor.does("getxattr", path, "user.类别") == ["合同"])
        #expect(try actor.does("getxattr", path, "user.empty") == [""])
        #expect(try actor.does("getxattr", place.folder, "user.folder") == ["yes"])
        let names = try actor.does("listxattr", path)
        #expect(names.contains("user.类别") && names.contains("user.empty"), "\(names)")
        try actor.does("removexattr", path, "user.类别")
        let rest = try actor.does("listxattr", path)
        #expect(!rest.contains("user.类别"), "\(rest)")
      }
    }

    @Test func positionsInAListingHold() throws {
      try withActor { place, actor in
        let folder = place.folder + "/folder"
        try actor.does("mkdir", folder)
        for number in 100..<400 { try actor.writes("", to: folder + "/document-\(number)") }
        let stream = try actor.does("opendir", folder)[0]
        let first = try actor.does("readdir", stream, 150)
        let position = first.last!
        let rest = try actor.does("readdir", stream, 1000).count / 2
        #expect(rest == 302 - 150)
        // Removing what was listed moves nothing of the rest.
        for name in names(first) where name.hasPrefix("document") { try actor.does("unlink", folder + "/" + name) }
        try actor.does("seekdir", stream, position)
        let again = names(try actor.does("readdir", stream, 1000))
        #expect(again.count == 152)
        #expect(Set(again).count == 152, "no entry twice")
        try actor.does("closedir", stream)
      }
    }

    /// The names of what `readdir` answers: each is followed by its position.
    private func names(_ words: [String]) -> [String] { words.enumerated().filter { $0.offset % 2 == 0 }.map(\.element) }

    @Test func copyFileRangeCopies() throws {
      try withActor { place, actor in
        let source = try actor.open(place.folder + "/source", "rw,create")
        try actor.does("fill", source, 0, 1 << 20, 5)
        let target = try actor.open(place.folder + "/target", "rw,create")
        var done = 0
        while done < 1 << 20 {
          let count = Int(try actor.does("copy", source, done, target, done, (1 << 20) - done)[0])!
          #expect(count > 0)
          if count <= 0 { break }
          done += count
        }
        #expect(try actor.reads(target, count: 2 << 20) == .pattern(at: 0, count: 1 << 20, seed: 5))
      }
    }

    @Test func appendingGoesToTheEnd() throws {
      try withActor { place, actor in
        let path = place.folder + "/log"
        try actor.writes("start ", to: path)
        let (one, other) = (try actor.open(path, "w,append"), try actor.open(path, "w,append"))
        try actor.does("write", one, "one ")
        try actor.does("write", other, "other ")
        try actor.does("write", one, "end")
        #expect(try actor.reads(path).text == "start one other end")
      }
    }
  }
}
