package io.weir.flink.cassandra;

import java.io.Serializable;
import java.util.List;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * The physical columns of a Flink table.
 *
 * @param primaryKey as declared in the DDL; empty if there is none
 */
public record TableColumns(List<String> names, List<LogicalType> types, List<String> primaryKey)
    implements Serializable {

  /** The columns at these positions, in this order. */
  public TableColumns project(List<Integer> positions) {
    return new TableColumns(
        positions.stream().map(names::get).toList(),
        positions.stream().map(types::get).toList(),
        primaryKey);
  }
}
