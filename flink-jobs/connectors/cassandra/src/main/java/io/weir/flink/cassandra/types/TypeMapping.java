package io.weir.flink.cassandra.types;

import static com.datastax.oss.protocol.internal.ProtocolConstants.DataType.*;

import com.datastax.oss.driver.api.core.type.DataType;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.table.types.logical.DecimalType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;

/** Which Flink types can hold which CQL types. README.md has the table. */
public final class TypeMapping {
  private static final Set<LogicalTypeRoot> TEXT =
      EnumSet.of(LogicalTypeRoot.VARCHAR, LogicalTypeRoot.CHAR);
  private static final Set<LogicalTypeRoot> BYTES =
      EnumSet.of(LogicalTypeRoot.VARBINARY, LogicalTypeRoot.BINARY);
  private static final Set<LogicalTypeRoot> INSTANT =
      EnumSet.of(
          LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE,
          LogicalTypeRoot.TIMESTAMP_WITHOUT_TIME_ZONE);

  /** A Flink type to suggest, and the type roots that fit. */
  private record Carrier(String suggestion, Set<LogicalTypeRoot> roots) {
    static Carrier of(LogicalTypeRoot root) {
      return new Carrier(root == LogicalTypeRoot.INTEGER ? "INT" : root.name(), EnumSet.of(root));
    }
  }

  private static final Map<Integer, Carrier> CARRIERS =
      Map.ofEntries(
          Map.entry(ASCII, new Carrier("STRING", TEXT)),
          Map.entry(VARCHAR, new Carrier("STRING", TEXT)),
          Map.entry(UUID, new Carrier("STRING", TEXT)),
          Map.entry(TIMEUUID, new Carrier("STRING", TEXT)),
          Map.entry(INET, new Carrier("STRING", TEXT)),
          Map.entry(TINYINT, Carrier.of(LogicalTypeRoot.TINYINT)),
          Map.entry(SMALLINT, Carrier.of(LogicalTypeRoot.SMALLINT)),
          Map.entry(INT, Carrier.of(LogicalTypeRoot.INTEGER)),
          Map.entry(BIGINT, Carrier.of(LogicalTypeRoot.BIGINT)),
          Map.entry(VARINT, new Carrier("DECIMAL(38, 0)", EnumSet.of(LogicalTypeRoot.DECIMAL))),
          Map.entry(DECIMAL, new Carrier("DECIMAL(p, s)", EnumSet.of(LogicalTypeRoot.DECIMAL))),
          Map.entry(FLOAT, Carrier.of(LogicalTypeRoot.FLOAT)),
          Map.entry(DOUBLE, Carrier.of(LogicalTypeRoot.DOUBLE)),
          Map.entry(BOOLEAN, Carrier.of(LogicalTypeRoot.BOOLEAN)),
          Map.entry(TIMESTAMP, new Carrier("TIMESTAMP_LTZ(3)", INSTANT)),
          Map.entry(DATE, Carrier.of(LogicalTypeRoot.DATE)),
          Map.entry(TIME, new Carrier("TIME", EnumSet.of(LogicalTypeRoot.TIME_WITHOUT_TIME_ZONE))),
          Map.entry(BLOB, new Carrier("BYTES", BYTES)));

  private static final Map<Integer, String> REFUSED =
      Map.of(
          DURATION, "Flink has no type with separate months, days and nanoseconds",
          COUNTER, "a counter cannot be set, and a replay would count twice; use bigint",
          LIST, "collections are not supported; write a row per element or a text",
          SET, "collections are not supported; write a row per element or a text",
          MAP, "collections are not supported; write a row per entry or a text",
          TUPLE, "tuples are not supported; use a column per field",
          UDT, "user-defined types are not supported; use a column per field");

  private TypeMapping() {}

  /** Explains why a column of this CQL type cannot have this Flink type; empty if it can. */
  public static Optional<String> problem(DataType cql, LogicalType flink) {
    int code = cql.getProtocolCode();
    Carrier carrier = CARRIERS.get(code);
    if (carrier == null) {
      return Optional.of(
          "is %s in Cassandra: %s"
              .formatted(
                  cql.asCql(false, true),
                  REFUSED.getOrDefault(code, "this type is not supported")));
    }
    boolean fits =
        carrier.roots().contains(flink.getTypeRoot())
            && (code != VARINT || ((DecimalType) flink).getScale() == 0);
    return fits
        ? Optional.empty()
        : Optional.of(
            "is %s in Cassandra and %s in Flink: declare it %s"
                .formatted(
                    cql.asCql(false, true),
                    flink.copy(true).asSummaryString(),
                    carrier.suggestion()));
  }
}
