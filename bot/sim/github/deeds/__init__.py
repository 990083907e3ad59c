"""Changes that more than one door makes: a branch moved, a pull request opened, merged, closed."""
