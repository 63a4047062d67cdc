"""Which type of key is made for a request, by what it asks for and what the template allows."""

from collections.abc import Iterable
from typing import Final

from certloom.pki.private_key import MADE_KEY_TYPES
from certloom.pki.template import KEY_TYPES

__all__ = ["choose_key_type"]

_CURVES: Final = {
    "P-256": ("p-256", "secp256r1", "prime256v1", "1.2.840.10045.3.1.7"),
    "P-384": ("p-384", "secp384r1", "1.3.132.0.34"),
    "P-521": ("p-521", "secp521r1", "1.3.132.0.35"),
}
_SIZES: Final = {"256": "P-256", "384": "P-384", "521": "P-521"}
_ALGORITHMS: Final = {"ec": "ecc", "ecdsa": "ecc", "ecdh": "ecc"}


def choose_key_type(
    allowed: Iterable[str], algorithm: str = "", size: int | None = None, curve: str = ""
) -> str | None:
    """The first allowed type that is made here and fits, such as "RSA-3072"; None where none does.

    ``algorithm`` is "RSA", "ECC" or "Ed25519" in any case, ``size`` bits, ``curve`` a name or object identifier, or
    several parted by ``/`` (api-surface 6.1); empty ones fit everything.
    """
    wanted = _ALGORITHMS.get(algorithm.strip().lower(), algorithm.strip().lower())
    fitting = (each for each in allowed if each in MADE_KEY_TYPES and _fits(each, wanted, size, curve))
    return next(fitting, None)


def _fits(key_type: str, algorithm: str, size: int | None, curve: str) -> bool:
    names = {name.strip().lower() for name in curve.split("/") if name.strip()}
    return (
        algorithm in {"", KEY_TYPES[key_type].lower()}
        and (not size or key_type in {f"RSA-{size}", _SIZES.get(str(size))} or (size, key_type) == _ED25519)
        and (not names or not names.isdisjoint(_CURVES.get(key_type, ())))
    )


_ED25519: Final = (256, "Ed25519")
