package io.weir.cassandra.statement;

import com.datastax.oss.driver.api.core.cql.BatchStatement;
import com.datastax.oss.driver.api.core.cql.BatchStatementBuilder;
import com.datastax.oss.driver.api.core.cql.DefaultBatchType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Groups rows into requests. Rows of one partition share an UNLOGGED batch, which Cassandra applies
 * as a single mutation. A batch never spans partitions, because that would only load its
 * coordinator.
 */
public final class PartitionBatcher {
  private final WriteLayout layout;
  private final WriteStatements statements;
  private final int maxRows;
  private final long maxBytes;

  /**
   * @param maxRows the maximum number of rows in a batch
   * @param maxBytes the maximum bytes of values in a batch; a larger row is sent alone
   */
  public PartitionBatcher(
      WriteLayout layout, WriteStatements statements, int maxRows, long maxBytes) {
    this.layout = layout;
    this.statements = statements;
    this.maxRows = maxRows;
    this.maxBytes = maxBytes;
  }

  public List<WriteCommand> commands(Collection<WriteRequest> requests) {
    List<WriteCommand> commands = new ArrayList<>(requests.size());
    if (maxRows == 1 || (layout.onePartitionPerRow() && layout.replacesWholeRow())) {
      requests.forEach(request -> commands.add(single(request)));
      return commands;
    }
    for (List<WriteRequest> partition : byPartition(requests)) {
      for (List<WriteRequest> batch : split(partition)) {
        commands.add(batch.size() == 1 ? single(batch.get(0)) : batch(batch));
      }
    }
    return commands;
  }

  private Collection<List<WriteRequest>> byPartition(Collection<WriteRequest> requests) {
    Map<RowKey, List<WriteRequest>> partitions = new LinkedHashMap<>();
    for (WriteRequest request : requests) {
      partitions
          .computeIfAbsent(layout.partitionOf(request), key -> new ArrayList<>())
          .add(request);
    }
    return partitions.values();
  }

  /** Splits the rows of a partition wherever the next row would exceed a limit. */
  List<List<WriteRequest>> split(List<WriteRequest> partition) {
    List<List<WriteRequest>> batches = new ArrayList<>();
    int start = 0;
    long bytes = 0;
    for (int i = 0; i < partition.size(); i++) {
      int size = partition.get(i).sizeInBytes();
      if (i > start && (i - start == maxRows || bytes + size > maxBytes)) {
        batches.add(partition.subList(start, i));
        start = i;
        bytes = 0;
      }
      bytes += size;
    }
    batches.add(partition.subList(start, partition.size()));
    return batches;
  }

  /** A request for one row, without a batch. */
  public WriteCommand single(WriteRequest request) {
    return new WriteCommand(statements.bind(request), 1);
  }

  private WriteCommand batch(List<WriteRequest> requests) {
    BatchStatementBuilder batch =
        BatchStatement.builder(DefaultBatchType.UNLOGGED)
            .setIdempotence(true)
            .setConsistencyLevel(statements.consistency());
    requests.forEach(request -> batch.addStatement(statements.bind(request)));
    return new WriteCommand(batch.build(), requests.size());
  }
}
