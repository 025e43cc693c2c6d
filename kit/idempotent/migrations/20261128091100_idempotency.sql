-- +goose Up
CREATE TABLE idempotency_keys (
    principal  TEXT NOT NULL,
    operation  TEXT NOT NULL,
    request_key TEXT NOT NULL,
    request    TEXT NOT NULL,
    made       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (principal, operation, request_key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
