"""Backfills: what was published before the live collection began, read in buckets that outlive any process.

| module         | what it does                                                                      |
|----------------|-----------------------------------------------------------------------------------|
| `request`      | what was asked for, and one bucket of it                                          |
| `plan`         | a request to buckets: sources of one group of hosts and a slice of days, or files |
| `dates`        | which days a link, or a sitemap, is about                                         |
| `crawl`        | the addresses of a range of days, out of a sitemap with all that it points to     |
| `range_source` | a source over those addresses                                                     |
| `parts`        | which source stands behind each part of a bucket                                  |
| `store`        | the plan of a bucket, with what its crawls have found                             |
| `bucket`       | reads one bucket through `pipeline.collect`, and keeps its progress               |
| `jobs`         | start, look, read, pause, resume, cancel                                          |
| `task`         | the same for the tasks of a scheduler                                             |
| `watch`        | how it looks on a terminal                                                        |
"""
