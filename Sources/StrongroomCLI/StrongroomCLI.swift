// StrongroomCLI
