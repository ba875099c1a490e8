#!/bin/sh
# Run once by the image of PostgreSQL, when its data is empty: a role and a database for each of its users.
set -eu
psql --username postgres --set ON_ERROR_STOP=1 \
    --set weir="$WEIR_DATABASE_PASSWORD" --set temporal="$TEMPORAL_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE weir LOGIN PASSWORD :'weir' NOSUPERUSER NOBYPASSRLS;
CREATE DATABASE weir OWNER weir ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE weir FROM PUBLIC;
-- Temporal's image makes its two databases itself.
CREATE ROLE temporal LOGIN PASSWORD :'temporal' CREATEDB NOSUPERUSER NOBYPASSRLS;
SQL
