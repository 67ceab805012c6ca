"""The `scorewire` command."""
