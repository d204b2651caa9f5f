package io.weir.streams;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.weir.registry.EventLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A pipeline, resolved by weir's catalog (weir.catalog.streams), which alone interprets pipeline
 * files. Columns are addressed by position: those of the event, then the derived, then the joined.
 *
 * @param streams settings of Kafka Streams, by its own names, for the way from events to rows
 * @param totalsStreams the same for the way from rows to totals, which is an application of its own
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
    List<Reference> references,
    List<Join> joins,
    Output rows,
    List<Aggregate> aggregates,
    String deadLetterTopic) {
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  /** A value by name; {@code nullable} says whether it may be absent. */
  public record Column(String name, ColumnType type, boolean nullable) {}

  /**
   * @param schema the Avro schema to read events with
   * @param columns how many of the plan's columns an event has
   * @param maxEventBytes the most bytes of a value
   * @param partitionedById whether its producers put all records of an id on one partition
   */
  public record Source(
      String topic, String schema, int columns, int maxEventBytes, boolean partitionedById) {}

  /**
   * @param key positions of the columns that make two events the same
   */
  public record Deduplication(List<Integer> key, long horizonMs) {}

  /**
   * @param truncateTo hour, day, month or year
   */
  public record Derived(int source, String truncateTo) {}

  /**
   * A compacted topic with the rows of a reference table.
   *
   * @param schema the Avro schema to read them with
   * @param key positions of the primary key
   */
  public record Reference(
      String name, String topic, String schema, List<Column> columns, List<Integer> key) {}

  /**
   * @param reference position in {@link PipelinePlan#references}
   * @param key event columns that make the reference's key, in its order
   * @param conditions further columns that must be equal
   * @param select reference columns that become columns of the row
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
   * @param name of its state; changing it begins anew
   * @param grain position in {@code group} of the time that dates the totals
   */
  public record Aggregate(
      String name, Output output, int grain, List<Dimension> group, List<Measure> measures) {}

  /**
   * @param whenNull stands in for a missing value; null where none can miss
   */
  public record Dimension(int column, String whenNull) {}

  /**
   * @param function count, sum, min or max
   * @param column what it is taken of; null for the number of events
   * @param where which events count; null for all
   */
  public record Measure(String function, Integer column, ColumnType type, Where where) {}

  /**
   * @param test is_null, equals, greater_than or less_than
   */
  public record Where(int column, String test, JsonNode value) {}

  /**
   * Reads a plan.
   *
   * @throws IOException if the file cannot be read or is no plan
   */
  public static PipelinePlan read(Path file) throws IOException {
    return parse(Files.readString(file));
  }

  static PipelinePlan parse(String json) throws IOException {
    return JSON.readValue(json, PipelinePlan.class);
  }

  /** The columns that an event brings along. */
  List<Column> eventColumns() {
    return columns.subList(0, source.columns());
  }
}
