import Foundation
import Testing

/// Where ordinary programs are tried: a mounted vault, as a user with rights. With STRONGROOM_TEST_PLAIN=1 an ordinary folder of
/// that user's, which shows that the tests ask nothing that a plain file system does not give.
struct Place {
  let folder: String
  let user: TestUser
  let vault: TestVault?

  static func with(_ body: (Place) throws -> Void) throws {
    if ProcessInfo.processInfo.environment["STRONGROOM_TEST_PLAIN"] != nil {
      let plain = try TestVault()
      defer { plain.close() }
      let folder = plain.folder + "/plain"
      try Programs.mustRun(["install", "-d", "-o", plain.users.all.name, "-g", plain.users.all.name, folder])
      return try body(Place(folder: folder, user: plain.users.all, vault: nil))
    }
    try withVault { vault in
      try vault.grant("editor", on: "/", to: vault.users.all)
      try body(Place(folder: vault.mountpoint, user: vault.users.all, vault: vault))
    }
  }

  @discardableResult
  func run(_ command: String...) throws -> String {
    try Programs.mustRun(command, as: user, in: folder, environment: ["HOME": folder])
  }

  /// A line for the shell, with `$0` the place.
  @discardableResult
  func shell(_ line: String) throws -> String {
    try Programs.mustRun(["bash", "-euo", "pipefail", "-c", line, folder], as: user, in: folder, environment: ["HOME": folder])
  }

  func remount() throws { try vault?.remount() }
}

extension MountedTests {
  /// Programs that know nothing of vaults, run by a user with rights.
  @Suite struct OrdinaryPrograms {
    /// A tree with what archives hold: Chinese names, empty and larger documents, symlinks, modes and times.
    private static let tree = """
      mkdir -p "tree/客户/张伟 (10086)" tree/empty tree/deep/a/b/c
      printf 'contract of 张伟\\n' > "tree/客户/张伟 (10086)/合同.txt"
      : > tree/empty-document
      head -c 300000 /dev/zero | tr '\\0' 'x' > tree/deep/a/b/c/large
      seq 1 20000 > tree/numbers
      ln -s numbers tree/link
      ln -s nowhere tree/dangling
      chmod 640 tree/numbers
      touch -d '2020-02-03 04:05:06.123456789 UTC' tree/numbers "tree/客户/张伟 (10086)" "tree/客户/张伟 (10086)/合同.txt"
      """

    /// All that can be told of a tree: names, kinds, modes, sizes, times, contents.
    private static let description = """
      describe() { (cd "$1" && find . -mindepth 1 -printf '%P %y %m %l\\n' | LC_ALL=C sort
        find . -type f -printf '%P %s %TY-%Tm-%Td %TT\\n' | LC_ALL=C sort
        find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum); }
      """

    @Test func copiesAreFaithful() throws {
      try Place.with { place in
        try place.shell(
          Self.tree + "\n" + Self.description + """

            cp -a tree copied
            diff <(describe tree) <(describe copied)
            rsync -a tree/ synced/
            diff <(describe tree) <(describe synced)
            test -z "$(rsync -a --itemize-changes tree/ synced/)"
            printf 'changed\\n' >> tree/numbers
            rsync -a --delete tree/ synced/
            diff <(describe tree) <(describe synced)
            """)
        try place.remount()
        try place.shell(Self.description + "\ndiff <(describe tree) <(describe synced)")
      }
    }

    @Test func archivesGoInAndOut() throws {
      try Place.with { place in
        try place.shell(
          Self.tree + "\n" + Self.description + """

            tar --format=posix -cf tree.tar tree
            mkdir out && tar xf tree.tar -C out
            diff <(describe tree) <(describe out/tree)
            tar czf - tree | tar tzf - > /dev/null
            python3 - <<'PYTHON'
            import zipfile
            with zipfile.ZipFile('tree.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
                archive.write('tree/numbers', 'numbers')
                archive.writestr('客户/合同.txt', 'contract')
            PYTHON
            mkdir unzipped && cd unzipped && unzip -q ../tree.zip
            cmp numbers ../tree/numbers
            test "$(cat 客户/合同.txt)" = contract
            """)
      }
    }

    @Test func treesAreMovedSearchedAndRemoved() throws {
      try Place.with { place in
        try place.shell(
          Self.tree + """

            mkdir other
            mv tree other/moved
            mv other/moved/numbers other/moved/deep/a/renamed
            test "$(find other -name '*.txt' | wc -l)" = 1
            grep -rl 张伟 other | grep -q 合同.txt
            test "$(grep -rc '^20000$' other/moved/deep/a/renamed)" = 1
            (cd other/moved && find . -type f -print0 | xargs -0 sha256sum > ../../sums && sha256sum -c --quiet ../../sums)
            rm -r other
            test ! -e other
            test "$(ls -A | LC_ALL=C sort | tr '\\n' ' ')" = "sums "
            """)
      }
    }

    @Test func manyEntriesInOneFolder() throws {
      try Place.with { place in
        try place.shell(
          """
          mkdir many
          (cd many && seq -f 'document-%05g' 1 3000 | xargs touch)
          test "$(ls many | wc -l)" = 3000
          test "$(ls -U many | sort -u | wc -l)" = 3000
          (cd many && seq -f 'document-%05g' 2 2 3000 | xargs rm)
          test "$(ls many | wc -l)" = 1500
          rm -r many
          """)
      }
    }

    @Test func pythonScripts() throws {
      try Place.with { place in
        try place.shell(
          """
          cat > script.py <<'PYTHON'
          import json, os, pathlib, shutil, sys, tempfile
          here = pathlib.Path(sys.argv[1])
          data = {'名': '张伟', 'items': list(range(1000))}
          path = here / 'data.json'
          path.write_text(json.dumps(data, ensure_ascii=False), encoding='utf-8')
          assert json.loads(path.read_text(encoding='utf-8')) == data
          with open(path, 'r+b') as file:
              file.seek(0, os.SEEK_END)
              end = file.tell()
              file.write(b'\\n' * 10)
              file.flush()
              os.fsync(file.fileno())
              file.truncate(end)
          assert json.loads(path.read_text(encoding='utf-8')) == data
          with tempfile.NamedTemporaryFile(dir=here, delete=False) as file:
              file.write(b'new')
          os.replace(file.name, path)
          assert path.read_bytes() == b'new'
          assert [entry.name for entry in os.scandir(here) if entry.is_file()].count('data.json') == 1
          shutil.copytree(here, here.parent / 'copied-by-python')
          shutil.rmtree(here.parent / 'copied-by-python')
          PYTHON
          mkdir work && python3 script.py "$0/work"
          python3 -c 'import sys; sys.path.insert(0, "."); sys.argv = ["x", sys.argv[1]]; import script' "$0/work"
          """)
      }
    }

    @Test func aDatabaseOfSQLite() throws {
      try Place.with { place in
        try place.shell(
          """
          sqlite3 clients.db "CREATE TABLE client(id INTEGER PRIMARY KEY, name TEXT); BEGIN; INSERT INTO client(name) VALUES('张伟'),('Acme'); COMMIT;"
          sqlite3 clients.db "BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) INSERT INTO client(name) SELECT 'client ' || i FROM n; ROLLBACK;"
          test "$(sqlite3 clients.db 'SELECT count(*) FROM client')" = 2
          for i in 1 2 3 4 5; do sqlite3 clients.db "BEGIN IMMEDIATE; UPDATE client SET name = name || '.' WHERE id = 1; COMMIT;"; done
          test "$(sqlite3 clients.db 'SELECT name FROM client WHERE id = 1')" = '张伟.....'
          test "$(sqlite3 clients.db 'PRAGMA integrity_check')" = ok
          sqlite3 clients.db VACUUM
          """)
        try place.remount()
        #expect(try place.run("sqlite3", "clients.db", "SELECT count(*) FROM client; PRAGMA integrity_check;") == "2\nok\n")
      }
    }

    @Test func aRepositoryOfGit() throws {
      try Place.with { place in
        try place.shell(
          """
          export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@example GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@example
          git init -q -b main repository && cd repository
          for i in $(seq 1 60); do echo "document $i" > "document $i"; done
          mkdir 客户 && echo 合同 > 客户/合同
          git add . && git commit -q -m 'file them'
          echo more >> 'document 1' && git commit -q -a -m 'change one'
          git mv 'document 2' moved && git commit -q -m 'move one'
          git checkout -q -b side HEAD~1 && echo side > side && git add side && git commit -q -m side
          git checkout -q main && git merge -q side -m merge
          git gc -q
          git fsck --strict --no-progress
          test -z "$(git status --porcelain)"
          test "$(git log --oneline | wc -l)" = 5
          git clone -q . ../cloned && diff -r --exclude=.git . ../cloned
          """)
      }
    }

    @Test func editorsSave() throws {
      try Place.with { place in
        try place.shell(
          """
          printf 'one\\ntwo\\n' > letter
          vim -u NONE -es -c 'set backup writebackup' -c '%s/two/zwei/' -c 'wq' letter < /dev/null
          test "$(tr '\\n' ' ' < letter)" = 'one zwei '
          vim -u NONE -es -c 'set nobackup nowritebackup' -c '%s/one/eins/' -c 'wq' letter < /dev/null
          test "$(tr '\\n' ' ' < letter)" = 'eins zwei '
          sed -i 's/zwei/drei/' letter
          test "$(tr '\\n' ' ' < letter)" = 'eins drei '
          """)
      }
    }

    @Test func textOfAPDF() throws {
      try Place.with { place in
        try place.shell(
          #"""
          python3 - <<'PYTHON'
          text = b'BT /F1 24 Tf 72 700 Td (Account opening contract) Tj ET'
          objects = [b'<< /Type /Catalog /Pages 2 0 R >>', b'<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
              b'<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
              b'<< /Length %d >>\nstream\n%s\nendstream' % (len(text), text),
              b'<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>']
          out, places = b'%PDF-1.4\n', []
          for number, body in enumerate(objects, 1):
              places.append(len(out))
              out += b'%d 0 obj\n%s\nendobj\n' % (number, body)
          start = len(out)
          out += b'xref\n0 6\n0000000000 65535 f \n' + b''.join(b'%010d 00000 n \n' % place for place in places)
          out += b'trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' % start
          open('contract.pdf', 'wb').write(out)
          PYTHON
          pdftotext contract.pdf - | grep -q 'Account opening contract'
          pdftotext contract.pdf contract.txt && grep -q contract contract.txt
          pdfinfo contract.pdf | grep -q 'Pages: *1'
          """#)
      }
    }

    @Test func programsAreStartedFromTheMount() throws {
      try Place.with { place in
        try place.shell(
          """
          cp /bin/echo program && chmod 755 program
          test "$(./program started)" = started
          printf '#!/bin/sh\\necho script $1\\n' > script && chmod 755 script
          test "$(./script ran)" = 'script ran'
          chmod 644 script && ! ./script 2> /dev/null
          """)
      }
    }
  }
}
