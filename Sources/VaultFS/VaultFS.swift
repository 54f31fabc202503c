// VaultFS
