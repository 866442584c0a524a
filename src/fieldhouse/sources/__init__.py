"""What can be read: a source plans what to ask, and answers it; ``thingspeak`` is one."""
