import pytest
from hypothesis import given
from hypothesis import strategies as st

from certloom.pki.serial import SerialUnreadable, new_serial, read_serial, serial_text


def test_f01_serials_are_positive_and_18_octets_whatever_the_generator_gives() -> None:
    for filling in (b"\x00", b"\xff", b"\x80"):
        for node in (1, 0x7F):
            serial = new_serial(node, lambda count, filling=filling: filling * count)  # type: ignore[misc]  # a default binds the loop variable
            octets = serial.to_bytes(18)
            assert octets[0] == node
            assert octets[1:] == filling * 17


def test_f01_every_random_bit_reaches_the_serial() -> None:
    for bit in range(136):
        serial = new_serial(1, lambda count, bit=bit: (1 << bit).to_bytes(count))  # type: ignore[misc]  # as above
        assert serial == (1 << 136) | (1 << bit)


def test_f01_a_sample_has_no_collision_and_no_constant_bit() -> None:
    sample = [new_serial() for _ in range(100_000)]
    assert len(set(sample)) == len(sample)
    ones = [sum(serial >> bit & 1 for serial in sample[:10_000]) for bit in range(136)]
    assert min(ones) > 4_500
    assert max(ones) < 5_500


@pytest.mark.parametrize("node", [0, 128, -1])
def test_f01_nodes_that_would_make_a_serial_negative_or_short_are_refused(node: int) -> None:
    with pytest.raises(ValueError, match="1 to 127"):
        new_serial(node)


@given(st.integers(1, (1 << 159) - 1))
def test_text_and_number_are_the_same_serial(serial: int) -> None:
    text = serial_text(serial)
    assert read_serial(text) == serial
    assert read_serial(text.lower()) == serial
    assert text == text.upper()
    assert int(text[0], 16) < 8


@pytest.mark.parametrize("text", ["", "1", "xy", "01 02", "0x01", "01" * 21, "-1"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(SerialUnreadable):
        read_serial(text)
