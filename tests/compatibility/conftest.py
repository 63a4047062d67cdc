from tests.api.conftest import furnished_site, site, site_folder

__all__ = ["furnished_site", "site", "site_folder"]
