-- +goose Up
-- key is sealed. classes are separated by commas; prices are decimals.
CREATE TABLE endpoints (
    id         TEXT             NOT NULL PRIMARY KEY,
    name       TEXT             NOT NULL UNIQUE,
    base_url   TEXT             NOT NULL,
    classes    TEXT             NOT NULL,
    key_header TEXT             NOT NULL,
    secret     TEXT             NOT NULL,
    timeout_s  DOUBLE PRECISION NOT NULL,
    currency   TEXT             NOT NULL,
    price_in   TEXT             NOT NULL,
    price_out  TEXT             NOT NULL,
    created_at BIGINT           NOT NULL,
    updated_at BIGINT           NOT NULL
);
