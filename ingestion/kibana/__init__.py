"""What Kibana shows of the pipeline: data views, charts and a dashboard, as saved objects."""
