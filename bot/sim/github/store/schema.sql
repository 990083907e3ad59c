-- What is not git. Times are text, UTC, as GitHub writes them. JSON columns hold what GitHub itself keeps whole.
CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, login TEXT NOT NULL UNIQUE COLLATE NOCASE, type TEXT NOT NULL,
    name TEXT, email TEXT, description TEXT, site_admin INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS apps (
    id INTEGER PRIMARY KEY AUTOINCREMENT, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, owner_id INTEGER NOT NULL REFERENCES accounts,
    bot_id INTEGER NOT NULL REFERENCES accounts, public_key TEXT NOT NULL, permissions TEXT NOT NULL, events TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS installations (
    id INTEGER PRIMARY KEY AUTOINCREMENT, app_id INTEGER NOT NULL REFERENCES apps, account_id INTEGER NOT NULL REFERENCES accounts,
    permissions TEXT NOT NULL, repo_ids TEXT, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY, kind TEXT NOT NULL, account_id INTEGER NOT NULL REFERENCES accounts, installation_id INTEGER, app_id INTEGER,
    permissions TEXT, repo_ids TEXT, expires_at TEXT);
CREATE TABLE IF NOT EXISTS org_members (
    org_id INTEGER NOT NULL REFERENCES accounts, account_id INTEGER NOT NULL REFERENCES accounts, role TEXT NOT NULL, PRIMARY KEY (org_id, account_id));
CREATE TABLE IF NOT EXISTS teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT, org_id INTEGER NOT NULL REFERENCES accounts, name TEXT NOT NULL, slug TEXT NOT NULL, description TEXT,
    privacy TEXT NOT NULL DEFAULT 'closed', created_at TEXT NOT NULL, UNIQUE (org_id, slug));
CREATE TABLE IF NOT EXISTS team_members (
    team_id INTEGER NOT NULL REFERENCES teams ON DELETE CASCADE, account_id INTEGER NOT NULL REFERENCES accounts, role TEXT NOT NULL, PRIMARY KEY (team_id, account_id));
CREATE TABLE IF NOT EXISTS team_repos (
    team_id INTEGER NOT NULL REFERENCES teams ON DELETE CASCADE, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, role TEXT NOT NULL, PRIMARY KEY (team_id, repo_id));
CREATE TABLE IF NOT EXISTS repos (
    id INTEGER PRIMARY KEY AUTOINCREMENT, owner_id INTEGER NOT NULL REFERENCES accounts, name TEXT NOT NULL COLLATE NOCASE, description TEXT, homepage TEXT,
    private INTEGER NOT NULL DEFAULT 0, default_branch TEXT NOT NULL DEFAULT 'main', parent_id INTEGER REFERENCES repos, archived INTEGER NOT NULL DEFAULT 0,
    settings TEXT NOT NULL DEFAULT '{}', topics TEXT NOT NULL DEFAULT '[]', created_at TEXT NOT NULL, updated_at TEXT NOT NULL, pushed_at TEXT, UNIQUE (owner_id, name));
CREATE TABLE IF NOT EXISTS collaborators (
    repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, account_id INTEGER NOT NULL REFERENCES accounts, role TEXT NOT NULL, PRIMARY KEY (repo_id, account_id));
CREATE TABLE IF NOT EXISTS refs (
    repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, name TEXT NOT NULL, sha TEXT NOT NULL, pusher_id INTEGER, PRIMARY KEY (repo_id, name));
CREATE TABLE IF NOT EXISTS protections (
    repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, branch TEXT NOT NULL, rules TEXT NOT NULL, PRIMARY KEY (repo_id, branch));
CREATE TABLE IF NOT EXISTS issues (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, number INTEGER NOT NULL, user_id INTEGER NOT NULL REFERENCES accounts,
    app_id INTEGER, title TEXT NOT NULL, body TEXT, state TEXT NOT NULL DEFAULT 'open', state_reason TEXT, locked INTEGER NOT NULL DEFAULT 0, lock_reason TEXT,
    milestone_id INTEGER, is_pull INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, closed_at TEXT, closed_by INTEGER, UNIQUE (repo_id, number));
CREATE TABLE IF NOT EXISTS pulls (
    id INTEGER PRIMARY KEY REFERENCES issues ON DELETE CASCADE, repo_id INTEGER NOT NULL, head_repo_id INTEGER, head_ref TEXT NOT NULL, head_sha TEXT NOT NULL,
    base_ref TEXT NOT NULL, base_sha TEXT NOT NULL, draft INTEGER NOT NULL DEFAULT 0, maintainer_can_modify INTEGER NOT NULL DEFAULT 0,
    merged_at TEXT, merged_by INTEGER, merge_commit_sha TEXT, last_pusher_id INTEGER);
CREATE INDEX IF NOT EXISTS pulls_by_head ON pulls (head_repo_id, head_ref);
CREATE INDEX IF NOT EXISTS pulls_by_base ON pulls (repo_id, base_ref);
CREATE TABLE IF NOT EXISTS labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, name TEXT NOT NULL COLLATE NOCASE, color TEXT NOT NULL,
    description TEXT, UNIQUE (repo_id, name));
CREATE TABLE IF NOT EXISTS issue_labels (
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, label_id INTEGER NOT NULL REFERENCES labels ON DELETE CASCADE, PRIMARY KEY (issue_id, label_id));
CREATE TABLE IF NOT EXISTS assignees (
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, account_id INTEGER NOT NULL REFERENCES accounts, PRIMARY KEY (issue_id, account_id));
CREATE TABLE IF NOT EXISTS milestones (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, number INTEGER NOT NULL, title TEXT NOT NULL, description TEXT,
    state TEXT NOT NULL DEFAULT 'open', creator_id INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, closed_at TEXT, due_on TEXT, UNIQUE (repo_id, number));
CREATE TABLE IF NOT EXISTS comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, user_id INTEGER NOT NULL REFERENCES accounts, app_id INTEGER,
    body TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS comments_by_issue ON comments (issue_id);
CREATE TABLE IF NOT EXISTS reactions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, subject_id INTEGER NOT NULL, user_id INTEGER NOT NULL REFERENCES accounts, content TEXT NOT NULL,
    created_at TEXT NOT NULL, UNIQUE (subject, subject_id, user_id, content));
CREATE TABLE IF NOT EXISTS issue_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, actor_id INTEGER, event TEXT NOT NULL, commit_id TEXT,
    detail TEXT NOT NULL DEFAULT '{}', created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, user_id INTEGER NOT NULL REFERENCES accounts, body TEXT NOT NULL,
    state TEXT NOT NULL, commit_id TEXT NOT NULL, submitted_at TEXT);
CREATE TABLE IF NOT EXISTS review_comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, review_id INTEGER REFERENCES reviews ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES accounts, body TEXT NOT NULL, path TEXT NOT NULL, commit_id TEXT NOT NULL, original_commit_id TEXT NOT NULL,
    line INTEGER, side TEXT, start_line INTEGER, start_side TEXT, subject_type TEXT NOT NULL DEFAULT 'line', diff_hunk TEXT NOT NULL, in_reply_to INTEGER,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS review_requests (
    issue_id INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE, account_id INTEGER, team_id INTEGER, UNIQUE (issue_id, account_id, team_id));
CREATE TABLE IF NOT EXISTS check_suites (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, app_id INTEGER, head_sha TEXT NOT NULL, head_branch TEXT, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS check_runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, suite_id INTEGER NOT NULL REFERENCES check_suites, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, app_id INTEGER, name TEXT NOT NULL,
    head_sha TEXT NOT NULL, external_id TEXT, details_url TEXT, status TEXT NOT NULL, conclusion TEXT, started_at TEXT, completed_at TEXT,
    title TEXT, summary TEXT, text TEXT, annotations TEXT NOT NULL DEFAULT '[]', actions TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS check_runs_by_sha ON check_runs (repo_id, head_sha);
CREATE TABLE IF NOT EXISTS statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, sha TEXT NOT NULL, state TEXT NOT NULL, context TEXT NOT NULL,
    description TEXT, target_url TEXT, creator_id INTEGER NOT NULL, created_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS statuses_by_sha ON statuses (repo_id, sha);
CREATE TABLE IF NOT EXISTS releases (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, tag_name TEXT NOT NULL, target TEXT NOT NULL, name TEXT, body TEXT,
    draft INTEGER NOT NULL, prerelease INTEGER NOT NULL, author_id INTEGER NOT NULL, created_at TEXT NOT NULL, published_at TEXT);
CREATE TABLE IF NOT EXISTS assets (
    id INTEGER PRIMARY KEY AUTOINCREMENT, release_id INTEGER NOT NULL REFERENCES releases ON DELETE CASCADE, name TEXT NOT NULL, label TEXT, content_type TEXT NOT NULL,
    size INTEGER NOT NULL, digest TEXT NOT NULL, downloads INTEGER NOT NULL DEFAULT 0, uploader_id INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    UNIQUE (release_id, name));
CREATE TABLE IF NOT EXISTS workflows (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, path TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'active',
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (repo_id, path));
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, workflow_id INTEGER NOT NULL REFERENCES workflows, event_id INTEGER, event TEXT NOT NULL,
    head_sha TEXT NOT NULL, head_branch TEXT, head_repo_id INTEGER, title TEXT NOT NULL, number INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 1, actor_id INTEGER NOT NULL,
    status TEXT NOT NULL, conclusion TEXT, suite_id INTEGER, summary TEXT, created_at TEXT NOT NULL, started_at TEXT, updated_at TEXT NOT NULL,
    ref TEXT, sha TEXT, definition TEXT NOT NULL DEFAULT '', called TEXT NOT NULL DEFAULT '{}', payload TEXT NOT NULL DEFAULT '{}', triggering_actor_id INTEGER, concurrency TEXT, is_trusted INTEGER NOT NULL DEFAULT 1,
    is_cancelled INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS runs_by_status ON runs (status);
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, attempt INTEGER NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL, conclusion TEXT,
    labels TEXT NOT NULL DEFAULT '[]', steps TEXT NOT NULL DEFAULT '[]', runner_name TEXT, check_run_id INTEGER, log TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL, started_at TEXT, completed_at TEXT,
    key TEXT NOT NULL DEFAULT '', matrix TEXT NOT NULL DEFAULT '{}', environment TEXT, outputs TEXT NOT NULL DEFAULT '{}', result TEXT, summary TEXT NOT NULL DEFAULT '',
    process_id INTEGER, concurrency TEXT, is_cancelled INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS jobs_by_run ON jobs (run_id);
CREATE INDEX IF NOT EXISTS jobs_by_status ON jobs (status);
CREATE TABLE IF NOT EXISTS hooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER REFERENCES repos ON DELETE CASCADE, org_id INTEGER, url TEXT NOT NULL, content_type TEXT NOT NULL, secret TEXT, events TEXT NOT NULL,
    active INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hook_id INTEGER NOT NULL REFERENCES hooks ON DELETE CASCADE, event_id INTEGER NOT NULL REFERENCES outbox, guid TEXT NOT NULL,
    redelivery INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL DEFAULT 'pending', status_code INTEGER NOT NULL DEFAULT 0, duration REAL NOT NULL DEFAULT 0,
    request_headers TEXT, response_headers TEXT, response_body TEXT, delivered_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, action TEXT, repo_id INTEGER, org_id INTEGER, actor_id INTEGER NOT NULL, token_kind TEXT NOT NULL,
    only_hook_id INTEGER, payload TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS readers (name TEXT PRIMARY KEY, last_event INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS environments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, name TEXT NOT NULL, rules TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,
    UNIQUE (repo_id, name));
CREATE TABLE IF NOT EXISTS approvals (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run_id INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, attempt INTEGER NOT NULL, environment TEXT NOT NULL, state TEXT NOT NULL,
    user_id INTEGER NOT NULL, comment TEXT NOT NULL, created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS schedules (
    repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, path TEXT NOT NULL, cron TEXT NOT NULL, last_tick TEXT NOT NULL, PRIMARY KEY (repo_id, path, cron));
CREATE TABLE IF NOT EXISTS secrets (
    id INTEGER PRIMARY KEY AUTOINCREMENT, repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, environment TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
    value TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, UNIQUE (repo_id, environment, kind, name));
CREATE TABLE IF NOT EXISTS actions_permissions (
    repo_id INTEGER NOT NULL REFERENCES repos ON DELETE CASCADE, part TEXT NOT NULL, told TEXT NOT NULL, PRIMARY KEY (repo_id, part));
