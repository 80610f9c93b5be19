"""Sources: files of labelled rows, the schema check they pass, and synthetic stand-ins."""
