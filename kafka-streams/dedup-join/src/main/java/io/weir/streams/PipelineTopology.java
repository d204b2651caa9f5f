package io.weir.streams;

import io.weir.registry.EventLimits;
import io.weir.registry.SchemaLookup;
import io.weir.registry.SizeLimit;
import io.weir.registry.WireFormat;
import io.weir.streams.PipelinePlan.Aggregate;
import io.weir.streams.PipelinePlan.Column;
import io.weir.streams.PipelinePlan.Join;
import io.weir.streams.PipelinePlan.Output;
import io.weir.streams.PipelinePlan.Reference;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.state.Stores;

/**
 * The way from events to rows. Every operator, store and internal topic has a name of its own, so
 * that another version of the application finds its state.
 *
 * <pre>
 * source - decode - (by id) - deduplicate, join - rows
 *             |
 *        dead letters
 * </pre>
 *
 * <p>Where the source is partitioned by id, all of it is one step, which costs a row one commit.
 * Totals are {@link TotalsTopology}'s.
 */
final class PipelineTopology {
  /** Where events are put together by their id; it names the topic. */
  static final String BY_ID = "by-id";

  private static final Serde<byte[]> BYTES = Serdes.ByteArray();
  private static final String EVENTS = "events";
  private static final String LETTERS = "dead-letters";

  private final PipelinePlan plan;
  private final SchemaLookup schemas;
  private final Map<String, Integer> schemaIds;
  private final Counters counters;

  /**
   * @param schemas where the schemas of events and reference rows come from
   * @param schemaIds the registry's id of each output's schema, by its subject
   */
  PipelineTopology(
      PipelinePlan plan, SchemaLookup schemas, Map<String, Integer> schemaIds, Counters counters) {
    this.plan = plan;
    this.schemas = schemas;
    this.schemaIds = schemaIds;
    this.counters = counters;
  }

  Topology build() {
    StreamsBuilder builder = new StreamsBuilder();
    plan.references().forEach(reference -> addReference(builder, reference));
    KStream<byte[], Object[]> rows = enriched(distinctly(events(builder)));
    addRows(rows);
    return builder.build();
  }

  private static void addReference(StreamsBuilder builder, Reference reference) {
    builder.globalTable(
        reference.topic(),
        Consumed.with(BYTES, BYTES).withName("reference-" + reference.name()),
        Materialized.<byte[], byte[]>as(Stores.inMemoryKeyValueStore(store(reference)))
            .withKeySerde(BYTES)
            .withValueSerde(BYTES));
  }

  private static String store(Reference reference) {
    return "reference-" + reference.name();
  }

  /** The events, keyed by id; on the way the dead letters leave. */
  private KStream<byte[], Object[]> events(StreamsBuilder builder) {
    Schema schema = new Schema.Parser().parse(plan.source().schema());
    List<Integer> key = plan.deduplication().key();
    RowCodec id = new RowCodec(key.stream().map(plan.columns()::get).toList());
    int width = plan.source().columns();
    EventLimits.Check limits =
        plan.limits().on(plan.eventColumns().stream().map(Column::name).toList());
    Map<String, KStream<byte[], Decoded>> decoded =
        builder.stream(
                plan.source().topic(),
                Consumed.with(BYTES, BYTES)
                    .withName("source")
                    // A record without a sensible time is an event all the same.
                    .withTimestampExtractor((record, time) -> Math.max(0, record.timestamp())))
            .process(
                () ->
                    new DecodeProcessor(
                        new RowReader(schemas, schema, plan.eventColumns()),
                        id,
                        key,
                        width,
                        limits,
                        new SizeLimit(plan.source().maxEventBytes()),
                        counters),
                Named.as("decode"))
            .split(Named.as("decoded-"))
            .branch((recordKey, value) -> value.isEvent(), Branched.as(EVENTS))
            .defaultBranch(Branched.as(LETTERS));
    decoded
        .get("decoded-" + LETTERS)
        .mapValues(Decoded::original, Named.as("original"))
        .to(plan.deadLetterTopic(), Produced.with(BYTES, BYTES).withName(LETTERS));
    return decoded.get("decoded-" + EVENTS).mapValues(Decoded::event, Named.as("event"));
  }

  /**
   * All events of an id on one partition, whatever their producers used as record key: only then
   * does one task see all that may be duplicates of each other. Producers may promise it instead.
   */
  private KStream<byte[], Object[]> distinctly(KStream<byte[], Object[]> events) {
    if (plan.source().partitionedById()) {
      return events;
    }
    return events.repartition(
        Repartitioned.<byte[], Object[]>as(BY_ID)
            .withKeySerde(BYTES)
            .withValueSerde(new RowCodec(plan.eventColumns()).serde()));
  }

  private KStream<byte[], Object[]> enriched(KStream<byte[], Object[]> events) {
    return events.processValues(
        EnrichProcessor.supplier(plan, this::lookups, counters), Named.as("enrich"));
  }

  private List<Lookup> lookups(FixedKeyProcessorContext<byte[], Object[]> context) {
    return plan.joins().stream().map(join -> lookup(context, join)).toList();
  }

  private Lookup lookup(FixedKeyProcessorContext<byte[], Object[]> context, Join join) {
    Reference reference = plan.references().get(join.reference());
    return new Lookup(
        context.getStateStore(store(reference)),
        new RowReader(schemas, new Schema.Parser().parse(reference.schema()), reference.columns()),
        reference,
        join,
        counters.joinMisses(reference.name()));
  }

  private void addRows(KStream<byte[], Object[]> rows) {
    Column written = new Column("_write_timestamp", ColumnType.BIGINT, false);
    RowCodec codec =
        new RowCodec(Stream.concat(plan.columns().stream(), Stream.of(written)).toList());
    byte[] header = header(plan.rows());
    rows.mapValues(row -> codec.encode(header, dated(row)), Named.as("rows-encode"))
        .to(plan.rows().topic(), Produced.with(BYTES, BYTES).withName("rows"));
  }

  /** A row is dated by its event: written twice, it is the same in every cell. */
  private Object[] dated(Object[] row) {
    Object[] dated = new Object[row.length + 1];
    System.arraycopy(row, 0, dated, 0, row.length);
    dated[row.length] = Rows.micros(row[plan.eventTime()], ColumnType.TIMESTAMP);
    return dated;
  }

  private byte[] header(Output output) {
    return WireFormat.header(schemaIds.get(output.subject()));
  }

  /** Every output whose schema is registered. */
  static List<Output> outputs(PipelinePlan plan) {
    return Stream.concat(Stream.of(plan.rows()), plan.aggregates().stream().map(Aggregate::output))
        .toList();
  }

  /** The topics that must exist before the topology is started: all but Kafka Streams' own. */
  static List<String> topics(PipelinePlan plan) {
    return Stream.of(
            Stream.of(plan.source().topic(), plan.deadLetterTopic()),
            outputs(plan).stream().map(Output::topic),
            plan.references().stream().map(Reference::topic))
        .flatMap(topic -> topic)
        .toList();
  }
}
