"""PySpark Structured Streaming: Kafka to Parquet with its checkpoint, everything there is, then the end.

spark.py SERVERS SCHEMA FOLDER JARS
"""

import sys

from common import TOPIC, ZSTD_LEVEL, columns
from pyspark.sql import SparkSession, functions
from pyspark.sql.pandas.types import from_arrow_schema

MEMORY = "3g"


def main() -> None:
    """Read all partitions up to their ends, on four threads."""
    servers, schema_path, folder, jars = sys.argv[1:]
    spark = (
        SparkSession.builder.master("local[4]")
        .config("spark.driver.memory", MEMORY)
        .config("spark.driver.extraClassPath", f"{jars}/*")
        .config("spark.hadoop.parquet.compression.codec.zstd.level", ZSTD_LEVEL)
        .config("spark.ui.enabled", value=False)
        .config("spark.sql.parquet.compression.codec", "zstd")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    records = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", servers)
        .option("subscribe", TOPIC)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", 40_000)
        .load()
    )
    text = records.selectExpr("CAST(value AS STRING) AS text")
    article = functions.from_json("text", from_arrow_schema(columns(schema_path))).alias("article")
    query = (
        text.select(article)
        .select("article.*")
        .writeStream.format("parquet")
        .option("path", folder)
        .option("checkpointLocation", f"{folder}-checkpoint")
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    spark.stop()


if __name__ == "__main__":
    main()
