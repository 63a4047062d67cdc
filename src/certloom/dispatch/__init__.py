"""How an instance that can go on reaches somebody who takes it further."""
