package io.weir.flink.avro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.flink.events.KafkaTable;
import io.weir.flink.events.TestContext;
import io.weir.registry.SchemaRegistry;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.kafka.shaded.org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.SourceTransformation;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsReadingMetadata;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.connector.source.ScanRuntimeProviderContext;
import org.apache.flink.table.types.DataType;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The format inside the real Kafka connector's classes, without a broker. */
class KafkaConnectorTest {
  private static final byte[] KEY = "EWR".getBytes();
  private final TestRegistry registry = new TestRegistry();

  @BeforeEach
  void register() {
    registry.register(FlightTable.ID, FlightTable.SCHEMA);
  }

  @AfterEach
  void close() {
    SchemaRegistry.releaseShared();
    registry.close();
  }

  private static byte[] flight() {
    return Wire.value(
        FlightTable.ID,
        FlightTable.SCHEMA,
        new GenericRecordBuilder(FlightTable.SCHEMA)
            .set("carrier", "UA")
            .set("dep_delay", 4)
            .build());
  }

  /** The rows that the source emits for one Kafka value. */
  private List<RowData> rows(Map<String, String> options, byte[] value, String... metadata)
      throws Exception {
    ScanTableSource source = (ScanTableSource) KafkaTable.source(FlightTable.COLUMNS, options);
    List<DataTypes.Field> produced = new ArrayList<>();
    FlightTable.COLUMNS.forEach(
        column -> produced.add(DataTypes.FIELD(column.getName(), column.getDataType())));
    Map<String, DataType> types = ((SupportsReadingMetadata) source).listReadableMetadata();
    for (String key : metadata) {
      produced.add(DataTypes.FIELD(key, types.get(key)));
    }
    ((SupportsReadingMetadata) source)
        .applyReadableMetadata(
            List.of(metadata), DataTypes.ROW(produced.toArray(new DataTypes.Field[0])).notNull());
    KafkaRecordDeserializationSchema<RowData> deserializer = deserializer(source);
    deserializer.open(new TestContext());
    List<RowData> rows = new ArrayList<>();
    deserializer.deserialize(new ConsumerRecord<>("flights", 3, 42L, KEY, value), new Rows(rows));
    return rows;
  }

  @SuppressWarnings("unchecked")
  private static KafkaRecordDeserializationSchema<RowData> deserializer(ScanTableSource source)
      throws ReflectiveOperationException {
    DataStreamScanProvider provider =
        (DataStreamScanProvider) source.getScanRuntimeProvider(ScanRuntimeProviderContext.INSTANCE);
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    Source<?, ?, ?> kafka =
        ((SourceTransformation<?, ?, ?>)
                provider
                    .produceDataStream(name -> Optional.empty(), environment)
                    .getTransformation())
            .getSource();
    Field field = KafkaSource.class.getDeclaredField("deserializationSchema");
    field.setAccessible(true);
    return (KafkaRecordDeserializationSchema<RowData>) field.get(kafka);
  }

  private record Rows(List<RowData> rows) implements Collector<RowData> {
    @Override
    public void collect(RowData row) {
      rows.add(row);
    }

    @Override
    public void close() {}
  }

  @Test
  void metadataOfFormatAndConnectorComeInTheirColumns() throws Exception {
    Map<String, String> options = FlightTable.options(registry.url());
    byte[] poison = {1, 2, 3};
    String[] metadata = {
      "value.decode-error", "value.raw-value", "topic", "partition", "offset", "timestamp"
    };
    StringData topic = StringData.fromString("flights");
    TimestampData none = TimestampData.fromEpochMillis(ConsumerRecord.NO_TIMESTAMP);
    assertThat(rows(options, flight(), metadata))
        .containsExactly(
            GenericRowData.of(StringData.fromString("UA"), 4, null, null, topic, 3, 42L, none));
    assertThat(rows(options, poison, metadata))
        .containsExactly(
            GenericRowData.of(
                null,
                null,
                StringData.fromString(
                    "bad-magic: the first byte is 1, that of the Confluent wire format is 0"),
                poison,
                topic,
                3,
                42L,
                none));
  }

  @Test
  void aTombstoneIsOneRowWithItsOffset() throws Exception {
    assertThat(
            rows(
                FlightTable.options(registry.url()),
                null,
                "value.decode-error",
                "value.raw-value",
                "offset"))
        .containsExactly(
            GenericRowData.of(
                null,
                null,
                StringData.fromString("null-value: the Kafka value is null"),
                null,
                42L));
  }

  @Test
  void aFormatWithoutConnectorMetadataGoesStraightThrough() throws Exception {
    assertThat(rows(FlightTable.options(registry.url()), flight(), "value.decode-error"))
        .containsExactly(GenericRowData.of(StringData.fromString("UA"), 4, null));
  }

  @Test
  void columnsMayComeFromTheKeyAndTheValue() throws Exception {
    Map<String, String> options = FlightTable.options(registry.url());
    options.putAll(
        Map.of(
            "key.format", "raw",
            "key.fields", "carrier",
            "value.fields-include", "EXCEPT_KEY"));
    StringData key = StringData.fromString("EWR");
    assertThat(rows(options, flight(), "value.decode-error", "value.raw-value", "partition"))
        .containsExactly(GenericRowData.of(key, 4, null, null, 3));
    assertThat(rows(options, new byte[] {9}, "value.decode-error", "value.raw-value", "partition"))
        .singleElement()
        .satisfies(
            row -> {
              assertThat(row.getString(0)).isEqualTo(key);
              assertThat(row.isNullAt(1)).isTrue();
              assertThat(row.getString(2).toString()).startsWith("bad-magic: ");
              assertThat(row.getBinary(3)).containsExactly(9);
              assertThat(row.getInt(4)).isEqualTo(3);
            });
  }

  @Test
  void withoutTheErrorColumnPoisonAndTombstonesFailTheJob() {
    Map<String, String> options = FlightTable.options(registry.url());
    assertThatThrownBy(() -> rows(options, new byte[] {9}, "offset"))
        .hasMessageContaining("bad-magic");
    assertThatThrownBy(() -> rows(options, null)).hasMessageContaining("null-value");
  }
}
