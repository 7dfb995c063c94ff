"""Results that leave a workspace or come into one: other formats, records of others, submissions to a public board."""
