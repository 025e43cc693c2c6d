-- +goose Up
-- What a run tried (candidates and what they learn from), on which test cases
-- (a bottom-k sketch of their digests), held to which bars.
ALTER TABLE runs ADD COLUMN tried_digest TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN test_sketch BYTEA;
ALTER TABLE runs ADD COLUMN bars_digest TEXT NOT NULL DEFAULT '';
