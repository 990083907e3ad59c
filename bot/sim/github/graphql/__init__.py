"""GraphQL, as far as `gh pr`, `gh issue` and `gh release list` ask for it: the API's own handlers under other names."""
