package io.weir.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.registry.WireFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineTopologyTest {
  private static final Duration HORIZON = Duration.ofHours(48);
  private static final int PRODUCTS = 0;
  private static final int SHOPS = 1;

  @TempDir Path folder;
  private OrdersDriver orders;

  @BeforeEach
  void open() throws IOException {
    orders = new OrdersDriver(folder);
  }

  @AfterEach
  void close() {
    orders.close();
  }

  private List<Map<String, Object>> rows() {
    return orders.rows(orders.plan.rows());
  }

  @Test
  void aDuplicateIsDroppedWhateverItsRecordKeyAndItsOtherColumnsAre() {
    orders.send(orders.order(7));
    orders.send("another key".getBytes(), OrdersDriver.wire(1, orders.order(7, "quantity", 9)));
    orders.send(orders.order(7, "country", orders.symbol("fr")));
    assertThat(rows()).extracting("quantity").containsExactly(3, 3);
  }

  @Test
  void anIdIsKnownThroughoutTheHorizonAndForgottenLater() {
    orders.send(orders.order(7));
    Duration passed = Duration.ZERO;
    for (Duration step = Duration.ofHours(6); passed.plus(step).compareTo(HORIZON) <= 0; ) {
      orders.advance(step);
      passed = passed.plus(step);
      orders.send(orders.order(7));
    }
    assertThat(rows()).hasSize(1);
    orders.advance(HORIZON.dividedBy(2).plusMinutes(1));
    orders.send(orders.order(7));
    assertThat(rows()).as("one and a half horizons later").hasSize(1);
  }

  @Test
  void anotherEventWithAKnownIdIsDroppedAndCounted() {
    orders.send(orders.order(7, "note", null));
    orders.send(orders.order(7, "note", null));
    orders.send(orders.order(7, "note", ""));
    orders.send(orders.order(7, "price_cents", 501L));
    orders.send(orders.order(7));
    orders.send(orders.order(8, "price_cents", 501L));
    assertThat(rows()).extracting("price_cents").containsExactly(500L, 501L);
    assertThat(orders.counters.snapshot())
        .containsEntry("deduplicated", 6L)
        .containsEntry("distinct_events", 2L)
        .containsEntry("conflicting_duplicates", 2L);
  }

  @Test
  void everyRowHasTheBucketOfItsIdWhateverElseItHolds() {
    orders.send(orders.order(1, "quantity", 9));
    orders.send(orders.order(7));
    orders.send(orders.order(7, "country", orders.symbol("fr"), "sku", "sku-2"));
    assertThat(rows()).extracting("bucket").containsExactly(2, 0, 3);
  }

  @Test
  void everyRowHasTheWriteTimestampOfItsEvent() {
    long before1970 = Instant.parse("1969-12-31T23:59:59.999Z").toEpochMilli();
    orders.send(orders.order(1));
    orders.send(orders.order(2, "placed_at", before1970));
    assertThat(rows())
        .extracting("_write_timestamp")
        .containsExactly(OrdersDriver.START.toEpochMilli() * 1000, before1970 * 1000);
  }

  @Test
  void timesAreTruncatedInUtcAlsoBefore1970() {
    orders.send(
        orders.order(1, "placed_at", Instant.parse("1969-03-31T23:59:59.999Z").toEpochMilli()));
    Map<String, Object> row = rows().get(0);
    assertThat(row)
        .containsEntry("placed_hour", Instant.parse("1969-03-31T23:00:00Z").toEpochMilli())
        .containsEntry("placed_day", (int) LocalDate.parse("1969-03-31").toEpochDay())
        .containsEntry("placed_year", (int) LocalDate.parse("1969-01-01").toEpochDay());
  }

  @Test
  void anEventGetsTheColumnsOfItsReferenceRows() {
    orders.publish(PRODUCTS, "sku-1", "Wooden duck", "toys", 0.25);
    orders.publish(SHOPS, "de", 2, "Bremen", 14_000);
    orders.send(orders.order(1));
    assertThat(rows().get(0))
        .containsEntry("product_title", "Wooden duck")
        .containsEntry("category", "toys")
        .containsEntry("unit_weight_kg", 0.25)
        .containsEntry("city", "Bremen")
        .containsEntry("shop_opened", 14_000);
  }

  @Test
  void anEventWithoutAMatchOrWithoutAKeyIsKept() {
    orders.publish(SHOPS, "fr", 2, "Lyon", 14_000);
    orders.send(orders.order(1));
    orders.send(orders.order(2, "shop", null));
    assertThat(rows()).hasSize(2).allSatisfy(row -> assertThat(row).containsEntry("city", null));
    // An event without a key does not count as a miss.
    assertThat(orders.counters.missesByReference())
        .containsEntry("shops", Map.of("misses", 1L, "keys", Map.of("de, 2", 1L)))
        .containsEntry("products", Map.of("misses", 2L, "keys", Map.of("sku-1", 2L)));
    assertThat(orders.counters.snapshot()).containsEntry("join_misses", 3L);
  }

  @Test
  void aChangedOrDeletedReferenceRowCountsForLaterEvents() {
    orders.publish(PRODUCTS, "sku-1", "Wooden duck", "toys", null);
    orders.send(orders.order(1));
    orders.publish(PRODUCTS, "sku-1", "Rubber duck", "toys", null);
    orders.send(orders.order(2));
    orders.publish(PRODUCTS, "sku-1");
    orders.send(orders.order(3));
    assertThat(rows())
        .extracting(row -> String.valueOf(row.get("product_title")))
        .containsExactly("Wooden duck", "Rubber duck", "null");
  }

  @Test
  void totalsAreThoseOfSql() {
    orders.send(orders.order(1, "quantity", 2, "price_cents", 700L, "weight_kg", 1.5));
    orders.send(orders.order(2, "quantity", 6, "price_cents", 300L, "express", true));
    orders.send(orders.order(2, "quantity", 6, "price_cents", 300L, "express", true));
    orders.send(orders.order(3, "quantity", 1, "price_cents", 900L, "note", "gift"));
    List<Map<String, Object>> totals = orders.rows(orders.totals("sales_by_hour"));
    Map<String, Object> first = totals.get(0);
    assertThat(first)
        .containsEntry("revenue_of_bulk_cents", null)
        .containsEntry("with_note", 0L)
        .containsEntry("heaviest_kg", 1.5);
    Map<String, Object> last = totals.get(totals.size() - 1);
    Map<String, Object> expected = new HashMap<>();
    expected.put("placed_day", (int) LocalDate.parse("2026-01-05").toEpochDay());
    expected.put("country", "de");
    expected.put("placed_hour", OrdersDriver.START.toEpochMilli());
    expected.put("category", "none");
    expected.put("orders", 3L);
    expected.put("express_orders", 1L);
    expected.put("with_note", 1L);
    expected.put("units", 9L);
    expected.put("revenue_cents", 1900L);
    expected.put("revenue_of_bulk_cents", 300L);
    expected.put("cheapest_cents", 300L);
    expected.put("heaviest_kg", 1.5);
    expected.put("_write_timestamp", OrdersDriver.START.toEpochMilli() * 1000 + 3);
    assertThat(last).isEqualTo(expected);
  }

  @Test
  void aTotalIsDatedByItsGrainAndTheNumberOfItsEvents() {
    long year = LocalDate.parse("2026-01-01").toEpochDay() * 86_400_000_000L;
    orders.send(orders.order(1));
    orders.send(orders.order(2));
    assertThat(orders.rows(orders.totals("sales_by_city")))
        .extracting("_write_timestamp")
        .endsWith(year + 2);
  }

  @Test
  void aLateEventIsCountedAndWrittenLikeAllOthers() {
    long day = Duration.ofDays(1).toMillis();
    long now = OrdersDriver.START.toEpochMilli();
    orders.send(orders.order(1, "placed_at", now));
    orders.send(orders.order(2, "placed_at", now - day));
    orders.send(orders.order(3, "placed_at", now - day - 1));
    assertThat(rows()).hasSize(3);
    assertThat(orders.counters.snapshot())
        .containsEntry("late_events", 1L)
        .containsEntry("received", 3L)
        .containsEntry("distinct_events", 3L);
  }

  @Test
  void aRecordThatCannotBeDecodedKeepsItsBytesAndSaysWhereItLay() {
    byte[] good = OrdersDriver.wire(OrdersDriver.SOURCE_ID, orders.order(1));
    Map<byte[], String> poison = new HashMap<>();
    poison.put(new byte[] {}, "truncated");
    poison.put(new byte[] {7, 1, 2}, "bad-magic");
    poison.put(OrdersDriver.cut(good, good.length - 1), "truncated");
    poison.put(OrdersDriver.cut(good, good.length + 1), "trailing-bytes");
    poison.put(WireFormat.header(999), "unknown-schema-id");
    // A string of two billion bytes, in a record of ten.
    poison.put(new byte[] {0, 0, 0, 0, 1, 0, 2, 2, 0, -2, -1, -1, -1, 15}, "truncated");
    poison.forEach((value, reason) -> assertLetter(value, reason));
    assertLetter(null, "null-value");
    assertThat(rows()).isEmpty();
  }

  private void assertLetter(byte[] value, String reason) {
    byte[] key = "its key".getBytes();
    orders.send(key, value);
    List<TestRecord<byte[], byte[]>> letters = orders.records(orders.plan.deadLetterTopic());
    assertThat(letters).as(reason).hasSize(1);
    TestRecord<byte[], byte[]> letter = letters.get(0);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(letter.key()).isEqualTo(key);
    assertThat(header(letter, "weir.topic")).isEqualTo("sales.orders");
    assertThat(header(letter, "weir.partition")).isEqualTo("0");
    assertThat(header(letter, "weir.offset")).containsOnlyDigits();
    assertThat(header(letter, "weir.timestamp"))
        .isEqualTo(String.valueOf(OrdersDriver.START.toEpochMilli()));
    assertThat(header(letter, "weir.reason")).startsWith(reason);
  }

  private static String header(TestRecord<byte[], byte[]> letter, String name) {
    return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  @Test
  void aRegistryThatDoesNotAnswerIsNoFaultOfTheRecord() {
    orders.registryAnswers = false;
    assertThatThrownBy(() -> orders.send(orders.order(1)))
        .hasStackTraceContaining("The registry is away");
    assertThat(orders.records(orders.plan.deadLetterTopic())).isEmpty();
  }

  @Test
  void eventsOfAnOlderSchemaAreRead() {
    Schema older =
        Schema.createRecord(
            "Order",
            null,
            "io.weir.orders",
            false,
            orders.source.getFields().stream()
                .filter(field -> !field.name().equals("note"))
                .map(field -> new Schema.Field(field, field.schema()))
                .toList());
    orders.register(2, older);
    GenericRecord event = new GenericData.Record(older);
    GenericRecord usual = orders.order(1);
    older.getFields().forEach(field -> event.put(field.name(), usual.get(field.name())));
    orders.send(null, OrdersDriver.wire(2, event));
    assertThat(rows()).hasSize(1).allSatisfy(row -> assertThat(row).containsEntry("note", null));
  }

  @Test
  void aTimestampOfAnotherUnitIsNotReadAsMilliseconds() {
    String micros = orders.source.toString().replace("timestamp-millis", "timestamp-micros");
    orders.register(2, new Schema.Parser().parse(micros));
    orders.send(null, OrdersDriver.wire(2, orders.order(1)));
    assertThat(rows()).isEmpty();
    List<TestRecord<byte[], byte[]>> letters = orders.records(orders.plan.deadLetterTopic());
    assertThat(header(letters.get(0), "weir.reason")).contains("timestamp-micros");
  }
}
