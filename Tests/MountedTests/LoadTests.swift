import Foundation
import Glibc
import Testing

extension MountedTests {
  /// Many at once, and much of one thing: memory and handles stay as they were, and nobody waits for ever.
  @Suite struct Load {
    /// What `status` says of the process, in MiB and counts.
    private struct Figures: CustomStringConvertible {
      let residentMiB, descriptors, handles, queued, operations, trailLagMilliseconds: Int

      init(_ vault: TestVault) throws {
        let status = try vault.status()
        let load = try #require(status["load"])
        residentMiB = (load["residentByteCount"]?.number ?? 0) >> 20
        descriptors = load["descriptorCount"]?.number ?? 0
        handles = status["openHandleCount"]?.number ?? -1
        queued = load["queuedOperationCount"]?.number ?? -1
        operations = load["operationCount"]?.number ?? 0
        trailLagMilliseconds = (load["trailLagNanoseconds"]?.number ?? 0) / 1_000_000
      }

      var description: String {
        "\(residentMiB) MiB, \(descriptors) descriptors, \(handles) handles, \(queued) queued, \(operations) operations, trail \(trailLagMilliseconds) ms behind"
      }
    }

    // MARK: Eight processes

    /// Each loops until its file `stop` is there, and ends with what it found wrong.
    private static let works: [(name: String, script: String)] = [
      ("tar", "tar cf - -C $source . | tar xf - -C $folder && diff -r $source $folder && rm -rf $folder/*"),
      (
        "rsync",
        "rsync -a $source/ $folder/copy/ && rsync -anc $source/ $folder/copy/ && diff -r $source $folder/copy && rm -rf $folder/copy"
      ),
      (
        "sqlite",
        "sqlite3 $folder/base 'create table if not exists t(a integer, b text); begin; insert into t select value, hex(randomblob(100)) from generate_series(1,200); commit; delete from t where a % 3 = 0; pragma integrity_check;' | grep -qx ok"
      ),
      (
        "renames",
        "for i in $(seq 40); do echo $i >$folder/new && mv $folder/new $folder/$((i % 7)) || exit 1; done; mkdir -p $folder/a/b && mv $folder/a $folder/c && rm -rf $folder/c"
      ),
      ("reads", "test \"$(sha256sum <$big | cut -d' ' -f1)\" = \"$hash\""),
      ("more-reads", "dd if=$big of=/dev/null bs=128k iflag=skip_bytes skip=$((RANDOM * 1000)) count=200 status=none"),
      (
        "writes",
        "head -c 9000000 $big >$folder/part && cmp -n 9000000 $big $folder/part && truncate -s 100 $folder/part && rm $folder/part"
      ),
      // What others remove meanwhile is gone, and nothing else goes wrong.
      (
        "lists",
        "! { find $shared -type f; ls -lR $shared; } 2>&1 >/dev/null | grep -v 'No such file or directory' && stat $big >/dev/null"
      ),
    ]

    @Test func eightProcessesOfThreeUsersAtOnce() throws {
      let seconds = Soak.count(12, full: 600)
      let bigMiB = Soak.factor == nil ? 64 : 1024
      try withVault { vault in
        let users = [vault.users.all, vault.users.partial, vault.users.none]
        for user in users { try vault.grant("editor", on: "/", to: user) }
        let source = vault.folder + "/source"
        try Programs.mustRun([
          "sh", "-c",
          "mkdir \(source) && cd \(source) && for i in $(seq 60); do mkdir -p $((i % 5)); head -c $((i * 1999)) /dev/urandom >$((i % 5))/$i; done; chmod -R a+rX .",
        ])
        let big = vault.path("/big")
        let hash = try Programs.mustRun(
          ["sh", "-c", "head -c \(bigMiB)M /dev/urandom | tee \(big) | sha256sum | cut -d' ' -f1"], as: users[0]
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        let stop = vault.folder + "/stop"
        var running: [(String, Background)] = []
        for (index, work) in Self.works.enumerated() {
          let user = users[index % users.count]
          let folder = vault.path("/\(work.name)")
          try Programs.mustRun(["mkdir", folder], as: user)
          // A count of rounds, so that a run in which nothing happened is none.
          let script = """
            source=\(source) folder=\(folder) big=\(big) hash=\(hash) shared=\(vault.mountpoint)
            n=0
            while [ ! -e \(stop) ]; do ( \(work.script) ) || exit 1; n=$((n + 1)); done
            [ $n -gt 0 ]
            """
          running.append((work.name, try Programs.start(["bash", "-c", script], as: user)))
        }
        sleep(UInt32(seconds / 3))
        let early = try Figures(vault)
        sleep(UInt32(seconds - seconds / 3))
        let late = try Figures(vault)
        #expect(FileManager.default.createFile(atPath: stop, contents: nil))
        for (name, program) in running { #expect(program.wait() == 0, "\(name)") }
        // The last RELEASE comes from the kernel after close(2).
        #expect(try eventually { try Figures(vault).handles == 0 })
        let end = try Figures(vault)
        Soak.report(
          "load: eight processes, \(seconds) s, reads of \(bigMiB) MiB: after a third \(early); after all \(late); at the end \(end)"
        )
        #expect(late.residentMiB <= early.residentMiB + 48, "\(early); \(late)")
        #expect(end.descriptors <= early.descriptors + 300, "\(early); \(end)")
        #expect(late.operations > early.operations)
        let verified = try vault.strongroom(["verify", vault.vault])
        #expect(verified.status == 0, "\(verified.all)")
      }
    }

    // MARK: Much of one thing

    /// The daemon holds no descriptor for each: its own limit is far below.
    @Test func aClientOpensFiftyThousandDocuments() throws {
      let documents = Soak.count(2_000, full: 50_000)
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let before = try Figures(vault)
        let script = """
          import os, resource, sys
          resource.setrlimit(resource.RLIMIT_NOFILE, (51000, 51000))
          folder, count = sys.argv[1], int(sys.argv[2])
          for i in range(count):
              with open(f"{folder}/{i}", "w") as f: f.write(str(i))
          held = [os.open(f"{folder}/{i % count}", os.O_RDONLY) for i in range(50000)]
          assert all(os.pread(held[i], 20, 0) == str(i % count).encode() for i in range(0, 50000, 7))
          print("open", flush=True)
          sys.stdin.readline()
          """
        try vault.writePrivate(script, to: vault.folder + "/open.py")
        chmod(vault.folder + "/open.py", 0o644)
        let raised = "ulimit -n 51000; exec setpriv --reuid=\(vault.users.all.uid) --regid=\(vault.users.all.gid) --clear-groups"
        let client = Process()
        let (input, output) = (Pipe(), Pipe())
        client.executableURL = URL(fileURLWithPath: "/bin/sh")
        client.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        client.arguments = ["-c", "\(raised) python3 \(vault.folder)/open.py \(vault.mountpoint) \(documents)"]
        client.standardInput = input
        client.standardOutput = output
        try client.run()
        #expect(try output.fileHandleForReading.read(upToCount: 4) == Data("open".utf8))
        let open = try Figures(vault)
        #expect(open.handles == 50_000)
        #expect(open.descriptors <= before.descriptors + 300, "\(before); \(open)")
        // Others are served as before.
        _ = try vault.actor(vault.users.all).reads(vault.path("/7"))
        try input.fileHandleForWriting.close()
        client.waitUntilExit()
        #expect(client.terminationStatus == 0)
        #expect(try eventually(within: 60) { try Figures(vault).handles == 0 })
        Soak.report("load: 50,000 handles on \(documents) documents: \(open)")
      }
    }

    @Test func aFolderOfVeryManyEntries() throws {
      let count = Soak.count(20_000, full: 200_000)
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let script = """
          import os, sys
          folder, count = sys.argv[1], int(sys.argv[2])
          os.mkdir(folder)
          for i in range(count): os.close(os.open(f"{folder}/document {i}", os.O_CREAT | os.O_WRONLY, 0o600))
          names = [e.name for e in os.scandir(folder)]
          assert len(names) == count and len(set(names)) == count, len(names)
          for i in range(0, count, 997): os.stat(f"{folder}/document {i}")
          for i in range(0, count, 2): os.unlink(f"{folder}/document {i}")
          assert len(os.listdir(folder)) == count // 2
          """
        try vault.writePrivate(script, to: vault.folder + "/many.py")
        chmod(vault.folder + "/many.py", 0o644)
        try Programs.mustRun(
          ["python3", vault.folder + "/many.py", vault.path("/many"), "\(count)"], as: vault.users.all)
        Soak.report("load: a folder of \(count) entries: \(try Figures(vault))")
        try vault.remount()
        #expect(try vault.actor(vault.users.all).names(in: vault.path("/many")).count == count / 2)
      }
    }

    @Test func aSparseDocumentOfAHundredGiB() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let all = try vault.actor(vault.users.all)
        let path = vault.path("/sparse")
        let gib = 1 << 30
        let offsets = [0, 4095, 4 << 20, 50 * gib - 3, 99 * gib, 100 * gib - 7]
        let descriptor = try all.open(path, "rw,create")
        for (index, offset) in offsets.enumerated() { try all.does("pwrite", descriptor, offset, "island\(index)") }
        try all.does("fsync", descriptor)
        try all.close(descriptor)
        try vault.remount()
        let again = try vault.actor(vault.users.all)
        let reader = try again.open(path, "r")
        #expect(try again.attributes(of: reader)["size"] == "\(100 * gib)")
        for (index, offset) in offsets.enumerated() {
          #expect(try again.reads(reader, at: offset, count: 7).text == "island\(index)")
          let zeros = Content(of: [UInt8](repeating: 0, count: 1000))
          if offset + 8000 < 100 * gib, index != 0 { #expect(try again.reads(reader, at: offset + 7, count: 1000) == zeros) }
        }
        try again.close(reader)
        // It takes the room of what was written.
        let used = try Programs.mustRun(["du", "-sk", vault.vault]).split(separator: "\t").first.flatMap { Int($0) }
        #expect(try #require(used) < 20_000)
        #expect(try vault.strongroom(["verify", vault.vault]).status == 0)
      }
    }
  }
}
