-- +goose Up
-- login is in lower case. password is empty for who signs in elsewhere;
-- issuer and subject name them there.
CREATE TABLE users (
    id             TEXT   NOT NULL PRIMARY KEY,
    login          TEXT   NOT NULL UNIQUE,
    name           TEXT   NOT NULL,
    password       TEXT   NOT NULL,
    platform_role  TEXT   NOT NULL,
    issuer         TEXT   NOT NULL,
    subject        TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    deactivated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_by_subject ON users (issuer, subject) WHERE subject <> '';

-- kind is platform (one) or business.
CREATE TABLE teams (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    kind       TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX teams_one_platform ON teams (kind) WHERE kind = 'platform';

-- What was made before there were teams belongs to the platform team.
INSERT INTO teams (id, name, kind, created_at) VALUES ('team_local', 'Platform', 'platform', 0);

-- origin is direct, or oidc for what group claims give and take.
CREATE TABLE members (
    id         TEXT   NOT NULL PRIMARY KEY,
    team_id    TEXT   NOT NULL REFERENCES teams (id),
    user_id    TEXT   NOT NULL REFERENCES users (id),
    role       TEXT   NOT NULL,
    origin     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (team_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

-- token is the SHA-256 of what the cookie holds.
CREATE TABLE sessions (
    token      TEXT   NOT NULL PRIMARY KEY,
    id         TEXT   NOT NULL UNIQUE,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    data       BYTEA  NOT NULL,
    address    TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

-- hash is the SHA-256 of the token; team_id is empty for all teams.
CREATE TABLE tokens (
    id          TEXT   NOT NULL PRIMARY KEY,
    hash        TEXT   NOT NULL UNIQUE,
    user_id     TEXT   NOT NULL REFERENCES users (id),
    name        TEXT   NOT NULL,
    permissions BIGINT NOT NULL,
    team_id     TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT NOT NULL
);
CREATE INDEX tokens_by_user ON tokens (user_id);

-- One-time links. purpose is setup, invite or reset; what does not apply is
-- empty. used_at is 0 until it is used.
CREATE TABLE links (
    id            TEXT   NOT NULL PRIMARY KEY,
    hash          TEXT   NOT NULL UNIQUE,
    purpose       TEXT   NOT NULL,
    login         TEXT   NOT NULL,
    user_id       TEXT   NOT NULL,
    team_id       TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    platform_role TEXT   NOT NULL,
    created_by    TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT NOT NULL
);
