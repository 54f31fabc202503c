import Foundation
import Testing

/// stress-ng's filesystem stressors that run here, and what each does that this mount has to bear.
private let stressors = [
  "chdir", "chmod", "chown", "copy-file", "dentry", "dir", "dirdeep", "dirmany", "dnotify", "dup", "fallocate", "fcntl",
  "file-ioctl",
  "filename", "flock", "fpunch", "fsize", "fstat", "getdent", "handle", "hdd", "inotify", "io", "iomix", "lease", "locka",
  "lockf",
  "lockofd", "mknod", "open", "revio", "rename", "seek", "sync-file", "symlink", "touch", "utime", "xattr", "aio",
]

/// stress-ng's other filesystem stressors, and why they are not run. docs/posix.md has the table for people.
private let leftOut = [
  "access": "expects the mode to decide; here rights do",
  "link": "no hard links",
  "fiemap": "no FIEMAP: where sealed bytes lie says nothing",
  "verity": "no fs-verity: every page is sealed already",
  "chattr": "no inode flags",
  "inode-flags": "no inode flags",
  "bind-mount": "mounts; not about this filesystem",
  "binderfs": "another filesystem",
  "eventfd": "no file on the mount",
  "fanotify": "needs root, who has no rights here",
  "ioprio": "no file operations of its own",
  "procfs": "another filesystem",
]

/// fio's jobs that write and then verify what they wrote: the name, and its options.
private let jobs: [(name: String, options: [String])] = [
  ("sequential", ["--rw=write", "--bs=128k", "--ioengine=psync", "--verify=crc32c"]),
  ("random", ["--rw=randwrite", "--bs=16k", "--ioengine=psync", "--verify=sha256"]),
  ("unaligned", ["--rw=randwrite", "--bsrange=1k-200k", "--bs_unaligned", "--ioengine=sync", "--verify=md5"]),
  ("mixed", ["--rw=randrw", "--bs=4k", "--ioengine=psync", "--verify=xxhash", "--fsync=64"]),
  ("asynchronous", ["--rw=randwrite", "--bs=32k", "--ioengine=libaio", "--iodepth=16", "--direct=1", "--verify=crc32c-intel"]),
  ("vectors", ["--rw=randwrite", "--bs=8k", "--ioengine=pvsync2", "--verify=crc64", "--fdatasync=32"]),
  ("backwards", ["--rw=write:-64k", "--bs=32k", "--ioengine=psync", "--verify=pattern", "--verify_pattern=%o"]),
  ("preallocated", ["--rw=randwrite", "--bs=64k", "--ioengine=psync", "--fallocate=posix", "--verify=crc32c"]),
]

extension MountedTests {
  /// Programs that others wrote to break filesystems. The long form runs each alone and for longer.
  @Suite struct OthersSuites {
    private func withFolder(_ body: (TestVault, String) throws -> Void) throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        try vault.actor(vault.users.all).does("mkdir", vault.path("/work"))
        try body(vault, vault.path("/work"))
        try vault.unmount()
        try vault.mustStrongroom(["verify", vault.vault] + vault.secret)
      }
    }

    private func stress(_ names: [String], in folder: String, seconds: Int, _ vault: TestVault) throws {
      let options = ["--timeout", "\(seconds)s", "--temp-path", folder, "--verify", "--seed", "\(Length.seed)"]
      let said = try Programs.run(
        ["stress-ng"] + names.flatMap { ["--\($0)", "1"] } + options, as: vault.users.all, in: vault.mountpoint)
      #expect(said.status == 0, "\(names.joined(separator: " ")): \(said.all)")
    }

    @Test func stressorsOfFilesystemsFindNothing() throws {
      // Each of this version's is either run or left out for a reason.
      let said = try Programs.run(["stress-ng", "--class", "filesystem?"]).all
      let known = try #require(said.split(separator: "\n").first { $0.hasPrefix("class 'filesystem' stressors:") })
        .split(separator: " ").dropFirst(3).map(String.init)
      #expect(Set(known).subtracting(stressors).subtracting(leftOut.keys).isEmpty)
      try withFolder { vault, folder in
        if Length.isSoak {
          for stressor in stressors { try stress([stressor], in: folder, seconds: Soak.count(1, full: 60), vault) }
        }
        let seconds = Soak.count(10, full: 600)
        try stress(stressors, in: folder, seconds: seconds, vault)
        Soak.report("others' suites: \(stressors.count) of stress-ng's stressors at once for \(seconds) s; seed \(Length.seed)")
      }
    }

    @Test func whatFioWroteVerifies() throws {
      try withFolder { vault, folder in
        let size = "\(Soak.count(6, full: 512))m"
        for job in jobs {
          let said = try Programs.run(
            [
              "fio", "--name=\(job.name)", "--directory=\(folder)", "--size=\(size)", "--verify_fatal=1", "--do_verify=1",
              "--randseed=\(Length.seed)", "--output-format=terse", "--verify_state_save=0",
            ] + job.options, as: vault.users.all, in: vault.mountpoint)
          #expect(said.status == 0, "\(job.name): \(said.all)")
        }
        // Everything once more from the disk.
        try vault.remount()
        for job in jobs {
          let said = try Programs.run(
            [
              "fio", "--name=\(job.name)", "--directory=\(folder)", "--size=\(size)", "--verify_fatal=1", "--verify_only=1",
              "--randseed=\(Length.seed)", "--output-format=terse", "--verify_state_save=0",
            ] + job.options, as: vault.users.all, in: vault.mountpoint)
          #expect(said.status == 0, "\(job.name), after a remount: \(said.all)")
        }
        Soak.report(
          "others' suites: \(jobs.count) fio jobs of \(size), verified, and once more after a remount; seed \(Length.seed)")
      }
    }
  }
}
