package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The orders pipeline, whose events come as JSON. */
class JsonSourceTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ORDER =
      """
      {"Country": "de", "order": {"number": "7"}, "placedAt": "2026-01-05T11:00:00+01:00",
       "deliveryDay": "2026-01-07", "sku": "sku-\\u0031", "quantity": 3, "priceCents": 500.0,
       "express": "false", "unread": [{}]}""";

  @TempDir Path folder;
  private OrdersDriver orders;

  @BeforeEach
  void open() throws IOException {
    orders = new OrdersDriver(folder, PipelinePlan.parse(plan().toString()));
  }

  @AfterEach
  void close() {
    orders.close();
  }

  /** The plan of the tests, with a source of JSON. */
  private static ObjectNode plan() throws IOException {
    ObjectNode plan = (ObjectNode) JSON.readTree(Files.readString(OrdersDriver.PLAN));
    ObjectNode source = (ObjectNode) plan.get("source");
    ArrayNode columns = JSON.createArrayNode();
    for (int i = 0; i < source.get("columns").intValue(); i++) {
      columns.add(column((ObjectNode) plan.get("columns").get(i)));
    }
    source.remove("schema");
    source.put("format", "json").set("columns_document", columns);
    return plan;
  }

  private static JsonNode column(ObjectNode column) {
    String name = column.get("name").textValue();
    String type = column.get("type").textValue();
    ArrayNode path = JSON.createArrayNode();
    switch (name) {
      case "country" -> path.add("Country");
      case "order_number" -> path.add("order").add("number");
      case "placed_at" -> path.add("placedAt");
      case "delivery_day" -> path.add("deliveryDay");
      case "price_cents" -> path.add("priceCents");
      default -> path.add(name);
    }
    boolean iso = type.equals("timestamp") || type.equals("date");
    return column.deepCopy().put("encoding", iso ? "iso-8601" : "plain").set("path", path);
  }

  private void send(String json) {
    orders.send(null, json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void anEventIsARowAndItsDuplicateIsDropped() {
    send(ORDER);
    send(ORDER.replace("\"quantity\": 3", "\"quantity\": 4"));
    List<Map<String, Object>> rows = orders.rows(orders.plan.rows());
    assertThat(rows).hasSize(1);
    assertThat(rows.get(0))
        .containsEntry("country", "de")
        .containsEntry("order_number", 7L)
        .containsEntry("placed_at", OrdersDriver.START.toEpochMilli())
        .containsEntry("delivery_day", (int) LocalDate.of(2026, 1, 7).toEpochDay())
        .containsEntry("sku", "sku-1")
        .containsEntry("quantity", 3)
        .containsEntry("price_cents", 500L)
        .containsEntry("express", false)
        .containsEntry("shop", null);
    assertThat(orders.counters.snapshot()).containsEntry("conflicting_duplicates", 1L);
  }

  @Test
  void whatIsNoEventIsALetterWithItsReason() {
    send(ORDER.replace("\"quantity\": 3", "\"quantity\": 3.5"));
    send(ORDER.replace("{\"number\": \"7\"}", "null"));
    send(ORDER + "}");
    send("[]");
    orders.send(null, null);
    List<TestRecord<byte[], byte[]>> letters = orders.records(orders.plan.deadLetterTopic());
    assertThat(letters)
        .extracting(JsonSourceTest::reason)
        .containsExactly(
            "bad-value: field quantity: 3.5 is not a whole number of 32 bits",
            "missing-value: field order_number: the record has no value for it",
            "trailing-bytes: 1 extra bytes after the object",
            "malformed-json: at byte 0: 0x5b is there instead of an object",
            "null-value: the Kafka value is null");
    assertThat(letters.get(3).value()).isEqualTo("[]".getBytes());
    assertThat(orders.rows(orders.plan.rows())).isEmpty();
  }

  private static String reason(TestRecord<byte[], byte[]> letter) {
    return new String(letter.headers().lastHeader("weir.reason").value(), StandardCharsets.UTF_8);
  }

  @Test
  void aSourceHasWhatItsFormatNeeds() throws IOException {
    ObjectNode neither = plan();
    ((ObjectNode) neither.get("source")).remove("columns_document");
    assertThatThrownBy(() -> PipelinePlan.parse(neither.toString()))
        .hasMessageContaining("A source of Avro has a schema, one of JSON a columns_document.");
    ObjectNode avro = plan();
    ((ObjectNode) avro.get("source")).remove("format");
    assertThatThrownBy(() -> PipelinePlan.parse(avro.toString()))
        .hasMessageContaining("A source of Avro has a schema, one of JSON a columns_document.");
    ObjectNode fewer = plan();
    ((ObjectNode) fewer.get("source")).put("columns", 3);
    assertThatThrownBy(() -> PipelinePlan.parse(fewer.toString()))
        .hasMessageContaining("The columns_document has 11 columns, not 3");
  }
}
