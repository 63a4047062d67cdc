"""The commands that scripts may call: one file per command or family, all listed in ``registry``."""
