#!/usr/bin/env bash
# One role and one database each for Airflow and for the pipeline's state; run once, when the volume is new.
set -euo pipefail

psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
  --set=airflow_password="$AIRFLOW_DATABASE_PASSWORD" --set=news_password="$NEWS_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE airflow LOGIN PASSWORD :'airflow_password';
CREATE ROLE news LOGIN PASSWORD :'news_password';
CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE news OWNER news;
REVOKE CONNECT ON DATABASE airflow, news FROM PUBLIC;
SQL
