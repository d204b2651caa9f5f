package io.weir.flink.cassandra.sink;

import io.weir.cassandra.session.SharedSession;
import io.weir.cassandra.statement.WritePipeline;
import io.weir.cassandra.statement.WriteRequest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.Batch;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.RequestBuffer;
import org.apache.flink.connector.base.sink.writer.RequestEntryWrapper;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.apache.flink.connector.base.sink.writer.strategy.RequestInfo;
import org.apache.flink.table.data.RowData;

/**
 * Buffers rows for a moment and passes them to the {@link WritePipeline}. The pipeline retries, so
 * a batch completes only when all its rows are written or set aside, or when the job must fail.
 */
final class CassandraSinkWriter extends AsyncSinkWriter<RowData, WriteRequest> {
  private final SharedSession.Lease session;
  private final HandOver handOver;
  private final WritePipeline pipeline;
  private final RefusedRows refused;

  /**
   * The parts of a writer, made by {@link CassandraSink}.
   *
   * @param refused null if a rejected row fails the job
   */
  record Parts(
      SharedSession.Lease session,
      RowElementConverter converter,
      CoalescingBuffer buffer,
      HandOver handOver,
      WritePipeline pipeline,
      RefusedRows refused) {}

  CassandraSinkWriter(
      Parts parts,
      WriterInitContext context,
      AsyncSinkWriterConfiguration configuration,
      Collection<BufferedRequestState<WriteRequest>> states) {
    super(
        parts.converter(),
        context,
        configuration,
        states,
        CassandraSinkWriter::takeFirst,
        parts.buffer());
    session = parts.session();
    handOver = parts.handOver();
    pipeline = parts.pipeline();
    refused = parts.refused();
  }

  private static Batch<WriteRequest> takeFirst(
      RequestInfo request, RequestBuffer<WriteRequest> buffer) {
    List<WriteRequest> rows = new ArrayList<>(request.getBatchSize());
    long bytes = 0;
    while (rows.size() < request.getBatchSize() && !buffer.isEmpty()) {
      RequestEntryWrapper<WriteRequest> entry = buffer.poll();
      rows.add(entry.getRequestEntry());
      bytes += entry.getSize();
    }
    return new Batch<>(rows, bytes);
  }

  @Override
  protected void submitRequestEntries(
      List<WriteRequest> rows, ResultHandler<WriteRequest> resultHandler) {
    handOver.submit(
        rows,
        error -> {
          if (error == null) {
            resultHandler.complete();
          } else {
            resultHandler.completeExceptionally(
                new IOException("Cassandra refused a write: " + error.getMessage(), error));
          }
        });
  }

  @Override
  protected long getSizeInBytes(WriteRequest request) {
    return request.sizeInBytes();
  }

  @Override
  public void close() {
    pipeline.close();
    session.close();
    if (refused != null) {
      refused.close();
    }
  }
}
