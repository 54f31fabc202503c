import StrongroomCLI

StrongroomCLI.main()
