package io.weir.cassandra.statement;

import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.metadata.schema.ColumnMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import java.util.List;

/**
 * The written columns and the positions of the key columns among them.
 *
 * @param columns in the order of the values of a {@link WriteRequest}; includes the whole primary
 *     key
 * @param partitionKey positions of the partition key in {@code columns}
 * @param primaryKey positions of the partition key and the clustering columns
 * @param ignoreNulls whether a null leaves the column unchanged instead of erasing it
 * @param replacesWholeRow whether each write sets every column of the row. Such a write makes all
 *     older writes and deletions of the row irrelevant, and a deletion makes all older writes
 *     irrelevant.
 */
public record WriteLayout(
    List<CqlIdentifier> columns,
    int[] partitionKey,
    int[] primaryKey,
    boolean ignoreNulls,
    boolean replacesWholeRow) {

  /**
   * @throws IllegalArgumentException if a column of the primary key is not among {@code
   *     columnNames}
   */
  public static WriteLayout of(TableMetadata table, List<String> columnNames, boolean ignoreNulls) {
    List<CqlIdentifier> columns = columnNames.stream().map(CqlIdentifier::fromInternal).toList();
    // Static columns belong to the partition. Deleting a row keeps them, so no write replaces a
    // whole row.
    boolean hasStatics = table.getColumns().values().stream().anyMatch(ColumnMetadata::isStatic);
    return new WriteLayout(
        columns,
        positions(columns, table.getPartitionKey()),
        positions(columns, table.getPrimaryKey()),
        ignoreNulls,
        !ignoreNulls && !hasStatics && columns.containsAll(table.getColumns().keySet()));
  }

  private static int[] positions(List<CqlIdentifier> columns, List<ColumnMetadata> key) {
    return key.stream()
        .mapToInt(
            column -> {
              int position = columns.indexOf(column.getName());
              if (position < 0) {
                throw new IllegalArgumentException(
                    "The column '%s' is part of the primary key of %s and must be written. Add it."
                        .formatted(column.getName().asInternal(), column.getParent().asInternal()));
              }
              return position;
            })
        .toArray();
  }

  /** Whether a partition holds at most one row. */
  public boolean onePartitionPerRow() {
    return partitionKey.length == primaryKey.length;
  }

  /** Returns the request's partition, for comparison with others. */
  public RowKey partitionOf(WriteRequest request) {
    return new RowKey(request, partitionKey, RowKey.Scope.KEY);
  }

  /**
   * Returns a key that is equal for two requests if they write exactly the same cells, so that the
   * newer one alone gives the same result.
   *
   * <p>If each write replaces the whole row, this is the primary key. Otherwise an insert leaves
   * the cells that it does not set unchanged. Merging it with another request would lose cells (of
   * an older insert that sets other columns) or resurrect them (after an older deletion). Therefore
   * only inserts that set the same columns are equal, and deletions equal only deletions. Cassandra
   * orders the remaining requests by their write timestamps.
   */
  public RowKey cellsOf(WriteRequest request) {
    return new RowKey(request, primaryKey, cellScope());
  }

  private RowKey.Scope cellScope() {
    if (replacesWholeRow) {
      return RowKey.Scope.KEY;
    }
    return ignoreNulls ? RowKey.Scope.KEY_KIND_AND_NULLS : RowKey.Scope.KEY_AND_KIND;
  }
}
