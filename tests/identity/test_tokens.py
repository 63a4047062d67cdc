import hashlib

from certloom.identity.token import new_token, token_digest


def test_a_token_is_recognisable_random_and_stored_as_its_digest() -> None:
    text, digest = new_token()

    assert text.startswith("clt_")
    assert len(text) == 4 + 43
    assert digest == hashlib.sha256(text.encode()).hexdigest() == token_digest(text)
    assert new_token()[0] != text


def test_a_hostile_token_has_a_digest_that_matches_nothing() -> None:
    assert token_digest("\ud800") != token_digest("")
