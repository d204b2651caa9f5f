package io.weir.flink.cassandra;

import io.weir.flink.cassandra.sink.CassandraSink;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsWritingMetadata;
import org.apache.flink.table.types.DataType;

/**
 * The table as a sink: upserts by primary key, with the write timestamp and the TTL as metadata
 * columns.
 */
final class CassandraTableSink implements DynamicTableSink, SupportsWritingMetadata {
  static final String WRITE_TIMESTAMP = "write-timestamp";
  static final String TTL = "ttl";

  private final TableColumns columns;
  private final SinkSettings settings;
  private final Integer parallelism;
  private List<String> metadataKeys = List.of();

  CassandraTableSink(TableColumns columns, SinkSettings settings, Integer parallelism) {
    this.columns = columns;
    this.settings = settings;
    this.parallelism = parallelism;
  }

  @Override
  public ChangelogMode getChangelogMode(ChangelogMode requested) {
    if (!columns.primaryKey().isEmpty()) {
      // Deletions need whole rows, because these carry the write timestamp.
      return ChangelogMode.upsert(false);
    }
    if (!requested.equals(ChangelogMode.insertOnly())) {
      throw new ValidationException(
          "The query updates or deletes rows of the Cassandra table '%s', which declares no PRIMARY KEY. Declare Cassandra's"
                  .formatted(settings.table())
              + " primary key in the DDL: PRIMARY KEY (...) NOT ENFORCED.");
    }
    return ChangelogMode.insertOnly();
  }

  @Override
  public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
    return SinkV2Provider.of(
        new CassandraSink(columns, position(WRITE_TIMESTAMP), position(TTL), settings),
        parallelism);
  }

  /** Metadata columns follow the physical ones; -1 if the table does not declare it. */
  private int position(String metadataKey) {
    int index = metadataKeys.indexOf(metadataKey);
    return index < 0 ? index : columns.names().size() + index;
  }

  @Override
  public Map<String, DataType> listWritableMetadata() {
    Map<String, DataType> metadata = new LinkedHashMap<>();
    metadata.put(WRITE_TIMESTAMP, DataTypes.BIGINT().nullable());
    metadata.put(TTL, DataTypes.INT().nullable());
    return metadata;
  }

  @Override
  public void applyWritableMetadata(List<String> metadataKeys, DataType consumedDataType) {
    this.metadataKeys = List.copyOf(metadataKeys);
  }

  @Override
  public DynamicTableSink copy() {
    CassandraTableSink copy = new CassandraTableSink(columns, settings, parallelism);
    copy.metadataKeys = metadataKeys;
    return copy;
  }

  @Override
  public String asSummaryString() {
    return "Cassandra[" + settings.session().keyspace() + "." + settings.table() + "]";
  }
}
