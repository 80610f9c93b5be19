"""Sources: files of labelled rows, their schema check, and synthetic stand-ins."""
