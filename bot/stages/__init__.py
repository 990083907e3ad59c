"""One file per step that users know: read, decide, act. Rules and doors meet only here."""
