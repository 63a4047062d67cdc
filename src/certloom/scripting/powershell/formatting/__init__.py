"""Format strings: numbers, moments, spans and GUIDs in the invariant culture."""
