package io.weir.streams;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.weir.json.JsonColumn;
import io.weir.registry.ColumnType;
import io.weir.registry.EventLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A pipeline as resolved by the catalog (weir.catalog.streams), the only interpreter of pipeline
 * files. Columns are addressed by position: first those of the event, then the derived ones, then
 * the bucket of the row, then the joined ones.
 *
 * @param streams Kafka Streams settings, by their own names, of the application that turns events
 *     into rows
 * @param totalsStreams the same for the separate application that turns rows into totals
 * @param bucket null if rows have no bucket, or one that is a derived time
 */
public record PipelinePlan(
    String name,
    Map<String, String> streams,
    Map<String, String> totalsStreams,
    String registryUrl,
    Source source,
    List<Column> columns,
    Deduplication deduplication,
    int eventTime,
    EventLimits limits,
    long allowedLatenessMs,
    List<Derived> derived,
    HashBucket bucket,
    List<Reference> references,
    List<Join> joins,
    Output rows,
    List<Aggregate> aggregates,
    String deadLetterTopic) {
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  /** A column; {@code nullable} says whether its value may be null. */
  public record Column(String name, ColumnType type, boolean nullable) {}

  /** How events are written. */
  public enum Format {
    @JsonProperty("avro")
    AVRO,
    @JsonProperty("json")
    JSON
  }

  /**
   * @param format null stands for Avro
   * @param schema the Avro reader schema of events; only of Avro
   * @param columnsDocument the event's columns, in the plan's order; only of JSON
   * @param columns how many of the plan's columns belong to the event
   * @param maxEventBytes the maximum size of a value
   * @param partitionedById whether the producers write all records of an id to one partition
   */
  public record Source(
      String topic,
      Format format,
      String schema,
      List<JsonColumn> columnsDocument,
      int columns,
      int maxEventBytes,
      boolean partitionedById) {
    /**
     * @throws IllegalArgumentException if it has not the schema, or columns, of its format
     */
    public Source {
      format = format == null ? Format.AVRO : format;
      if ((format == Format.AVRO) != (schema != null)
          || (format == Format.JSON) != (columnsDocument != null)) {
        throw new IllegalArgumentException(
            "A source of Avro has a schema, one of JSON a columns_document.");
      }
      if (columnsDocument != null && JsonColumn.checked(columnsDocument).size() != columns) {
        throw new IllegalArgumentException(
            "The columns_document has " + columnsDocument.size() + " columns, not " + columns);
      }
    }
  }

  /**
   * @param key positions of the columns that identify an event
   */
  public record Deduplication(List<Integer> key, long horizonMs) {}

  /**
   * @param truncateTo hour, day, month or year
   */
  public record Derived(int source, String truncateTo) {}

  /**
   * The part of a row's partition key that follows from its id.
   *
   * @param key positions of the deduplication key
   * @param count how many buckets there are
   */
  public record HashBucket(List<Integer> key, int count) {}

  /**
   * A compacted topic with the rows of a reference table.
   *
   * @param schema the Avro schema of its rows
   * @param key positions of the primary key
   */
  public record Reference(
      String name, String topic, String schema, List<Column> columns, List<Integer> key) {}

  /**
   * @param reference position in {@link PipelinePlan#references}
   * @param key the event columns that match the reference's key, in its order
   * @param conditions further columns that must be equal
   * @param select the reference columns that are added to the row
   */
  public record Join(
      int reference, List<Integer> key, List<Condition> conditions, List<Integer> select) {}

  /** A reference column that must equal an event column. */
  public record Condition(int reference, int event) {}

  /** A topic, its subject in the registry, and the Avro schema of its values. */
  public record Output(String topic, String subject, String schema) {}

  /**
   * A table of running totals.
   *
   * @param name the name of its state; a new name starts from empty state
   * @param grain the position in {@code group} of the time that dates the totals
   */
  public record Aggregate(
      String name, Output output, int grain, List<Dimension> group, List<Measure> measures) {}

  /**
   * @param whenNull replaces a missing value; null if the column has none
   */
  public record Dimension(int column, String whenNull) {}

  /**
   * @param function count, sum, min or max
   * @param column the column to aggregate; null to count events
   * @param where selects the events that count; null for all
   */
  public record Measure(String function, Integer column, ColumnType type, Where where) {}

  /**
   * @param test is_null, equals, greater_than or less_than
   */
  public record Where(int column, String test, JsonNode value) {}

  /**
   * Reads a plan.
   *
   * @throws IOException if the file cannot be read or is not a plan
   */
  public static PipelinePlan read(Path file) throws IOException {
    return parse(Files.readString(file));
  }

  static PipelinePlan parse(String json) throws IOException {
    return JSON.readValue(json, PipelinePlan.class);
  }

  /** The event's own columns. */
  List<Column> eventColumns() {
    return columns.subList(0, source.columns());
  }
}
