//! `@get`: one item by its key.

use aws_sdk_dynamodb::operation::get_item::builders::GetItemInputBuilder;

use super::key_condition::null_in_key;
use super::{Failure, Inputs, Operations, Target};
use crate::image::Image;
use crate::item::{Attributes, KeyTexts, key_attributes};
use crate::schema::Get;

impl Operations {
    /// The item; none if it is missing, of another type, or if the parent names none.
    pub(crate) async fn get(&self, get: &Get, inputs: Inputs<'_>) -> Result<Option<Image>, Failure> {
        let target = self.target(&get.object, inputs.session)?;
        let Some(texts) = self.texts(target.object, &get.key, inputs)? else { return Ok(None) };
        let key = self.key(&target, inputs, &texts)?;
        self.read(&target, key, get.consistent, inputs).await
    }

    /// The key of an item.
    pub(super) fn key(
        &self,
        target: &Target<'_>,
        inputs: Inputs<'_>,
        texts: &KeyTexts,
    ) -> Result<Attributes, Failure> {
        let keys = &target.item.keys;
        let made = key_attributes(&target.table.keys, keys, self.tenant(inputs.session), texts)?;
        made.ok_or_else(|| null_in_key(keys, texts))
    }

    /// Reads an item by its key: the attributes that the inputs' projection names.
    pub(super) async fn read(
        &self,
        target: &Target<'_>,
        key: Attributes,
        consistent: bool,
        inputs: Inputs<'_>,
    ) -> Result<Option<Image>, Failure> {
        let call = GetItemInputBuilder::default()
            .table_name(target.physical.as_str())
            .set_key(Some(key))
            .consistent_read(consistent)
            .set_projection_expression(inputs.projection.map(|it| it.expression()))
            .set_expression_attribute_names(inputs.projection.map(|it| it.names(None)));
        let answer = inputs.session.run(&call).await?;
        Ok(answer.item.filter(|found| target.is_own(found.members())))
    }
}
