package io.weir.flink.cassandra.sink;

import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import io.weir.cassandra.retry.RetryingExecutor;
import io.weir.cassandra.session.Relations;
import io.weir.cassandra.session.SharedSession;
import io.weir.cassandra.statement.PartitionBatcher;
import io.weir.cassandra.statement.RefusedRow;
import io.weir.cassandra.statement.WriteLayout;
import io.weir.cassandra.statement.WritePipeline;
import io.weir.cassandra.statement.WriteRequest;
import io.weir.cassandra.statement.WriteStatements;
import io.weir.flink.cassandra.SinkSettings;
import io.weir.flink.cassandra.TableCheck;
import io.weir.flink.cassandra.TableColumns;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.LongConsumer;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * Writes rows to a Cassandra table, at least once: a checkpoint contains the rows that are not
 * written yet.
 */
public final class CassandraSink extends AsyncSinkBase<RowData, WriteRequest> {
  /** Half of a 32 MiB commit log segment, Cassandra's limit for a mutation. */
  private static final long MAX_ROW_BYTES = 16L << 20;

  private static final long MAX_BUFFER_BYTES = 32L << 20;

  /** Longer than any job, so that only the retry policy decides how long to retry. */
  private static final long NO_TIMEOUT_MILLIS = Duration.ofDays(3650).toMillis();

  private final TableColumns columns;
  private final RowElementConverter converter;
  private final SinkSettings settings;

  public CassandraSink(
      TableColumns columns, int timestampPosition, int ttlPosition, SinkSettings settings) {
    this(
        columns,
        new RowElementConverter(columns, timestampPosition, ttlPosition, settings.ttlSeconds()),
        settings);
  }

  private CassandraSink(
      TableColumns columns, RowElementConverter converter, SinkSettings settings) {
    super(
        converter,
        settings.bufferMaxRows(),
        settings.maxInFlightRequests(),
        Math.multiplyExact(2, settings.bufferMaxRows()),
        MAX_BUFFER_BYTES,
        settings.bufferMaxTime().toMillis(),
        MAX_ROW_BYTES,
        NO_TIMEOUT_MILLIS,
        false);
    this.columns = columns;
    this.converter = converter;
    this.settings = settings;
  }

  @Override
  public StatefulSinkWriter<RowData, BufferedRequestState<WriteRequest>> createWriter(
      WriterInitContext context) {
    return restoreWriter(context, List.of());
  }

  /**
   * @throws org.apache.flink.table.api.ValidationException if the table does not match, listing the
   *     differences
   */
  @Override
  public StatefulSinkWriter<RowData, BufferedRequestState<WriteRequest>> restoreWriter(
      WriterInitContext context, Collection<BufferedRequestState<WriteRequest>> states) {
    SharedSession.Lease session = SharedSession.acquire(settings.session());
    try {
      return openWriter(session, context, states);
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
  }

  private CassandraSinkWriter openWriter(
      SharedSession.Lease session,
      WriterInitContext context,
      Collection<BufferedRequestState<WriteRequest>> states) {
    TableMetadata table =
        TableCheck.forWriting(
            columns,
            Relations.find(session.cql(), settings.session().keyspace(), settings.table()));
    WriteLayout layout = WriteLayout.of(table, columns.names(), settings.ignoreNulls());
    SinkMetrics metrics = new SinkMetrics(context.metricGroup());
    WritePipeline pipeline =
        new WritePipeline(
            new RetryingExecutor(
                session.cql()::executeAsync,
                settings.retryPolicy(),
                session.timer(),
                metrics::retried),
            settings.maxInFlightRequests(),
            metrics);
    WriteStatements statements =
        new WriteStatements(session.cql(), table, layout, settings.consistency());
    RefusedRows refused =
        settings.refused() == null ? null : new KafkaRefusedRows(settings.refused());
    return new CassandraSinkWriter(
        new CassandraSinkWriter.Parts(
            session,
            converter.compile(table, layout, timestampObserver(metrics)),
            new CoalescingBuffer(layout, metrics::coalesced),
            handOver(pipeline, table, layout, statements, refused, metrics),
            pipeline,
            refused),
        context,
        writerConfiguration(new PipelineLimit(pipeline, settings.bufferMaxRows())),
        states);
  }

  private HandOver handOver(
      WritePipeline pipeline,
      TableMetadata table,
      WriteLayout layout,
      WriteStatements statements,
      RefusedRows refused,
      SinkMetrics metrics) {
    PartitionBatcher batcher =
        new PartitionBatcher(layout, statements, settings.batchMaxRows(), settings.batchMaxBytes());
    return new HandOver(
        pipeline,
        batcher::commands,
        batcher::single,
        refused == null
            ? null
            : (row, error) -> {
              metrics.refused(error);
              return refused.take(RefusedRow.of(table, layout, row, error));
            });
  }

  private LongConsumer timestampObserver(SinkMetrics metrics) {
    return settings.allowedLateness() == null
        ? timestampMicros -> {}
        : new LateRows(settings.allowedLateness(), metrics::late);
  }

  private AsyncSinkWriterConfiguration writerConfiguration(PipelineLimit limit) {
    return AsyncSinkWriterConfiguration.builder()
        .setMaxBatchSize(getMaxBatchSize())
        .setMaxBatchSizeInBytes(getMaxBatchSizeInBytes())
        .setMaxInFlightRequests(getMaxInFlightRequests())
        .setMaxBufferedRequests(getMaxBufferedRequests())
        .setMaxTimeInBufferMS(getMaxTimeInBufferMS())
        .setMaxRecordSizeInBytes(getMaxRecordSizeInBytes())
        .setRequestTimeoutMS(getRequestTimeoutMS())
        .setFailOnTimeout(getFailOnTimeout())
        .setRateLimitingStrategy(limit)
        .build();
  }

  @Override
  public SimpleVersionedSerializer<BufferedRequestState<WriteRequest>> getWriterStateSerializer() {
    return new WriteRequestSerializer(columns.names());
  }
}
