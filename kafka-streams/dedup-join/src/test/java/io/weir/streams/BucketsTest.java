package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weir.registry.ColumnType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * On the ids of buckets.json, by which weir's Python, Flink's SQL and the oracle are tested, too.
 */
class BucketsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Stream<JsonNode> ids() throws IOException {
    JsonNode file = JSON.readTree(Path.of("src/test/resources/buckets.json").toFile());
    assertThat(file).hasSizeGreaterThan(20);
    return IntStream.range(0, file.size()).mapToObj(file::get);
  }

  @ParameterizedTest
  @MethodSource("ids")
  void anIdIsInTheBucketThatEveryReaderComputes(JsonNode id) throws IOException {
    List<ColumnType> types = new ArrayList<>();
    List<Object> row = new ArrayList<>();
    for (JsonNode part : id.get("key")) {
      ColumnType type = JSON.treeToValue(part.get("type"), ColumnType.class);
      types.add(type);
      row.add(value(part.get("value"), type));
    }
    int[] key = IntStream.range(0, row.size()).toArray();
    id.get("buckets")
        .properties()
        .forEach(
            bucket -> {
              Buckets buckets = new Buckets(key, types, Integer.parseInt(bucket.getKey()));
              assertThat(buckets.of(row.toArray()))
                  .as("of %s", bucket.getKey())
                  .isEqualTo(bucket.getValue().intValue());
            });
  }

  /** As a decoded event holds it; a date is its day and a timestamp its milliseconds since 1970. */
  private static Object value(JsonNode value, ColumnType type) {
    return switch (type) {
      case TEXT -> value.textValue();
      case BOOLEAN -> value.booleanValue();
      case INT, DATE -> value.intValue();
      case BIGINT, TIMESTAMP -> value.longValue();
      default -> throw new IllegalArgumentException(type + " is in no id of this file");
    };
  }
}
