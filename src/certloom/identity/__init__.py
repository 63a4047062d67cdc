"""Who acts: accounts, roles, permissions, passwords."""
