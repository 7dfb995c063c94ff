"""Pictures that others made: folders, commands, and statistics of pictures that are gone."""
