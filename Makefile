# What there is to do here; `make` alone prints it. Each target's line after ## is its help.
SHELL := /bin/sh
PREFIX ?= /usr/local
SOURCES := Package.swift Sources Tests

# In CI a warning in a part of ours is an error. Elsewhere it is not, so that a newer compiler does not stop anybody from building.
ifeq ($(CI),true)
export STRONGROOM_WARNINGS = error
endif

# What makes users and mounts is run as root: by sudo, where make was started by somebody else.
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo env PATH='$(PATH)')
# Not `swift test` by sudo: what it leaves in .build would be root's.
TESTS := $(if $(AS_ROOT),'$(CURDIR)/.build/debug/strongroomPackageTests.xctest' --testing-library swift-testing,swift test --skip-build)
# Which of the tests on real mounts: make mounted MOUNTED=MountedTests.Locks
MOUNTED ?= MountedTests

.PHONY: help build test unit mounted mounted-run soak demo bench bench-full bench-build bench-smoke install uninstall format lint dependencies clean

help: ## prints this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

build: ## builds the released program: .build/release/strongroom
	scripts/install-dependencies build
	swift build -c release --product strongroom

test: dependencies lint ## installs what is needed and runs everything: format, unit tests, the demo, tests on real mounts (root or sudo)
	swift build --build-tests
	$(AS_ROOT) $(TESTS) --skip MountedTests
	scripts/demo
	$(MAKE) bench-smoke
	$(MAKE) mounted-run

unit: ## runs the tests that need no mount
	swift test --skip MountedTests

mounted: ## runs the tests on real mounts (root or sudo)
	swift build --build-tests
	$(MAKE) mounted-run

# On the released program: it is what people run, and several times as fast. Without STRONGROOM_BINARY the tests take the debug build.
mounted-run:
	swift build -c release --product strongroom
	$(AS_ROOT) STRONGROOM_BINARY='$(CURDIR)/.build/release/strongroom' $(TESTS) --filter '$(MOUNTED)'

soak: ## the long forms of the tests of crashes, power cuts and failing disks, as root; STRONGROOM_SOAK=0.1 for a tenth (docs/crash-safety.md)
	scripts/soak

demo: ## a tour on real documents; makes users and a mount, and takes all of it away again
	scripts/demo

bench: bench-build ## measures it beside gocryptfs, securefs, CryFS, the plain disk and FUSE itself, as root; some minutes
	benchmarks/run

bench-full: bench-build ## the same with 512 MiB, 20,000 files and 300 documents; long
	benchmarks/unchecked-build
	benchmarks/run --form full

# That the driver still runs from end to end, on sizes that say nothing; and that no operation allocates more than it may.
bench-smoke:
	swift build -c release --product fuse-floor
	$(AS_ROOT) benchmarks/run --form smoke --candidates strongroom,plain,floor --only write,read128,untar,ls,rm --special allocations --json .build/benchmarks-smoke.json

bench-build:
	scripts/install-dependencies bench
	swift build -c release --product strongroom
	swift build -c release --product fuse-floor
	swift build -c release --product vault-filler
	swift build -c release --product trail-generator

install: ## installs into PREFIX (/usr/local), /sbin and /etc/strongroom, below DESTDIR
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' scripts/install

uninstall: ## takes the installed program away; vaults and /etc/strongroom stay
	DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' scripts/install --uninstall

format: ## formats all Swift code
	swift format format --in-place --parallel --recursive $(SOURCES)

lint: ## checks the format of all Swift code
	swift format lint --strict --parallel --recursive $(SOURCES)

dependencies: ## installs the Debian packages that building and testing need
	scripts/install-dependencies test

clean: ## removes what was built and fetched
	rm -rf .build
