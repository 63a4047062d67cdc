"""The certificate authority that is built in."""
