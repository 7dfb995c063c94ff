"""Images that others made: folders, commands, and statistics of images that are gone."""
