package io.weir.streams;

import io.weir.registry.DecodeError;
import io.weir.registry.DecodeException;
import io.weir.registry.SchemaLookup;
import io.weir.registry.WireFormat;
import io.weir.streams.PipelinePlan.Output;
import io.weir.streams.PipelinePlan.Reference;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/** Runs the orders pipeline (tests/pipeline/orders.py) in Kafka Streams' test driver. */
final class OrdersDriver implements AutoCloseable {
  static final Path PLAN = Path.of("src/test/resources/orders.json");
  static final Instant START = Instant.parse("2026-01-05T10:00:00Z");
  static final int SOURCE_ID = 1;
  private static final int REFERENCE_ID = 100;

  final PipelinePlan plan;

  /** The schema of events; null if they are not Avro. */
  final Schema source;

  private final Map<Integer, Schema> schemas = new HashMap<>();
  private final TopologyTestDriver driver;
  private final TopologyTestDriver totals;
  private final List<TestRecord<byte[], byte[]>> rows = new ArrayList<>();
  final Counters counters = new Counters();
  boolean registryAnswers = true;

  OrdersDriver(Path stateFolder) throws IOException {
    this(stateFolder, PipelinePlan.read(PLAN));
  }

  OrdersDriver(Path stateFolder, PipelinePlan plan) {
    this.plan = plan;
    String schema = plan.source().schema();
    source = schema == null ? null : new Schema.Parser().parse(schema);
    schemas.put(SOURCE_ID, source);
    for (int i = 0; i < plan.references().size(); i++) {
      schemas.put(REFERENCE_ID + i, new Schema.Parser().parse(plan.references().get(i).schema()));
    }
    Map<String, Integer> ids = new HashMap<>();
    for (Output output : PipelineTopology.outputs(plan)) {
      ids.put(output.subject(), 10 + ids.size());
      schemas.put(ids.get(output.subject()), new Schema.Parser().parse(output.schema()));
    }
    SchemaLookup lookup = this::schema;
    driver =
        new TopologyTestDriver(
            new PipelineTopology(plan, lookup, ids, counters).build(),
            settings(plan.streams(), stateFolder),
            START);
    totals =
        new TopologyTestDriver(
            new TotalsTopology(plan, lookup, ids).build(),
            settings(plan.totalsStreams(), stateFolder),
            START);
  }

  private static Properties settings(Map<String, String> given, Path stateFolder) {
    Properties settings = new Properties();
    settings.putAll(given);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
    settings.put(StreamsConfig.STATE_DIR_CONFIG, stateFolder.toString());
    settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class);
    return settings;
  }

  private Schema schema(int id) throws IOException, DecodeException {
    if (!registryAnswers) {
      throw new IOException("The registry is away");
    }
    Schema schema = schemas.get(id);
    if (schema == null) {
      throw new DecodeException(DecodeError.UNKNOWN_SCHEMA_ID, "no schema " + id);
    }
    return schema;
  }

  void register(int id, Schema schema) {
    schemas.put(id, schema);
  }

  /** An order with default values, except for the given changes. */
  GenericRecord order(long number, Object... changes) {
    GenericRecord order = new GenericData.Record(source);
    order.put("country", symbol("de"));
    order.put("order_number", number);
    order.put("placed_at", START.toEpochMilli());
    order.put("sku", "sku-1");
    order.put("shop", 2);
    order.put("quantity", 3);
    order.put("price_cents", 500L);
    order.put("express", false);
    for (int i = 0; i < changes.length; i += 2) {
      order.put((String) changes[i], changes[i + 1]);
    }
    return order;
  }

  GenericData.EnumSymbol symbol(String country) {
    return new GenericData.EnumSymbol(source.getField("country").schema(), country);
  }

  void send(GenericRecord order) {
    send("any key".getBytes(), wire(SOURCE_ID, order));
  }

  void send(byte[] key, byte[] value) {
    driver
        .createInputTopic(
            plan.source().topic(),
            new ByteArraySerializer(),
            new ByteArraySerializer(),
            START,
            java.time.Duration.ZERO)
        .pipeInput(key, value);
    addUp();
  }

  /** Passes new rows on to the totals, like their topic. */
  private void addUp() {
    List<TestRecord<byte[], byte[]>> added = read(driver, plan.rows().topic());
    rows.addAll(added);
    totals
        .createInputTopic(plan.rows().topic(), new ByteArraySerializer(), new ByteArraySerializer())
        .pipeRecordList(added);
  }

  /** Publishes a row of a reference table; null values delete it. */
  void publish(int reference, Object... values) {
    Reference table = plan.references().get(reference);
    Object[] key = table.key().stream().map(position -> values[position]).toArray();
    GenericRecord row = new GenericData.Record(schemas.get(REFERENCE_ID + reference));
    IntStream.range(0, values.length).forEach(i -> row.put(i, values[i]));
    boolean deleted = values.length == key.length;
    driver
        .createInputTopic(table.topic(), new ByteArraySerializer(), new ByteArraySerializer())
        .pipeInput(
            Lookup.keyCodec(table).encode(key),
            deleted ? null : wire(REFERENCE_ID + reference, row));
  }

  void advance(java.time.Duration time) {
    driver.advanceWallClockTime(time);
    totals.advanceWallClockTime(time);
  }

  static byte[] wire(int id, GenericRecord record) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(WireFormat.header(id));
    BinaryEncoder out = EncoderFactory.get().directBinaryEncoder(bytes, null);
    try {
      new GenericDatumWriter<GenericRecord>(record.getSchema()).write(record, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The records written to a topic since the last call. */
  List<TestRecord<byte[], byte[]>> records(String topic) {
    if (topic.equals(plan.rows().topic())) {
      List<TestRecord<byte[], byte[]>> found = List.copyOf(rows);
      rows.clear();
      return found;
    }
    return read(topic.equals(plan.deadLetterTopic()) ? driver : totals, topic);
  }

  private static List<TestRecord<byte[], byte[]>> read(TopologyTestDriver from, String topic) {
    return from.createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readRecordsToList();
  }

  /** The same records, decoded to a map from column to value. */
  List<Map<String, Object>> rows(Output output) {
    return records(output.topic()).stream().map(record -> decoded(record.value())).toList();
  }

  private Map<String, Object> decoded(byte[] value) {
    try {
      GenericRecord found = new io.weir.registry.RecordReader(this::schema, null).read(value);
      Map<String, Object> row = new HashMap<>();
      found.getSchema().getFields().forEach(field -> row.put(field.name(), plain(found, field)));
      return row;
    } catch (IOException | DecodeException e) {
      throw new AssertionError(e);
    }
  }

  private static Object plain(GenericRecord record, Schema.Field field) {
    Object value = record.get(field.pos());
    return value instanceof CharSequence ? value.toString() : value;
  }

  Output totals(String name) {
    return plan.aggregates().stream()
        .filter(aggregate -> aggregate.name().equals(name))
        .findFirst()
        .orElseThrow()
        .output();
  }

  static byte[] cut(byte[] bytes, int length) {
    return Arrays.copyOf(bytes, length);
  }

  @Override
  public void close() {
    driver.close();
    totals.close();
  }
}
